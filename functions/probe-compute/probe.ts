/** Runs inside the VPC: does every task of every Milvus role say that it is healthy? The decision is pure. */
import { boundedNames } from '../common/lambda/bounded.ts';

export interface RoleHealth {
  readonly group: string;
  readonly address: string;
  /** Undefined when healthy. */
  readonly problem?: string;
}

export interface ComputeAnswer {
  readonly ready: boolean;
  readonly reason: string;
}

export function decideCompute(
  observations: readonly RoleHealth[],
  wants: readonly { readonly group: string; readonly count: number }[],
): ComputeAnswer {
  const waiting = wants.flatMap(({ group, count }) => {
    const healthy = observations.filter((seen) => seen.group === group && seen.problem === undefined).length;
    if (healthy >= count) return [];
    const problem = observations.find((seen) => seen.group === group && seen.problem !== undefined)?.problem;
    return [`${group}: ${healthy} of ${count} healthy${problem === undefined ? '' : ` (${problem})`}`];
  });
  return waiting.length === 0
    ? { ready: true, reason: 'every role is healthy' }
    : { ready: false, reason: boundedNames(waiting, '; ') };
}

export async function observeRole(
  group: string,
  address: string,
  { port, timeoutMs }: { port: number; timeoutMs: number },
): Promise<RoleHealth> {
  try {
    const response = await fetch(`http://${address}:${port}/healthz`, { signal: AbortSignal.timeout(timeoutMs) });
    const text = (await response.text()).trim();
    // Before its session is registered a role answers 500 with the reason; "OK" is the only good word.
    return response.ok && text === 'OK'
      ? { group, address }
      : { group, address, problem: `${response.status} ${text}` };
  } catch (error) {
    const { message, cause } = error as Error;
    return { group, address, problem: cause instanceof Error ? cause.message : message };
  }
}
