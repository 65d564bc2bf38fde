/**
 * Which call of which function is harmed, and how: derived from a record of a lifecycle in which nothing was, so that a call
 * that is new tomorrow is harmed tomorrow. Pure.
 */
export interface Call {
  /** As serverless.yml names it. */
  readonly function: string;
  /** As AWS signs it (`dynamodb`, `elasticloadbalancing`); `lambda`, `Invoke` is the call of the function itself. */
  readonly service: string;
  readonly operation: string;
  /** From 1, among the calls of this function to this operation. */
  readonly nth: number;
}

/**
 * `fail` and `throttle`: it has no effect. `lose`: it has, and its answer is lost. `twice`: the function is run twice for one call.
 * `kill`: it takes effect, and the function ends with it.
 */
export type FaultKind = 'fail' | 'throttle' | 'lose' | 'twice' | 'kill';

/** `attempt`: the SDK's own retry gets through. `call`: the function gets the error. */
export type FaultDepth = 'attempt' | 'call';

export interface FaultCase extends Call {
  readonly kind: FaultKind;
  readonly depth: FaultDepth;
}

type Fault = readonly [FaultKind, FaultDepth];

/**
 * What a read has lost is as good as a read that failed. One attempt that is lost is what a doubled delivery is: the second has its
 * effect on top of the first, and its answer counts. One attempt that fails is the SDK's own business.
 */
const OF_READ: readonly Fault[] = [
  ['fail', 'call'],
  ['throttle', 'call'],
  ['kill', 'attempt'],
];
const OF_WRITE: readonly Fault[] = [...OF_READ, ['lose', 'attempt'], ['lose', 'call']];
const OF_FUNCTION: readonly Fault[] = [...OF_READ, ['lose', 'call'], ['twice', 'attempt']];

const READS = /^(Get|BatchGet|Query|Scan|Describe|List|Head)|^GET\b/;

function faultsOf({ service, operation }: Call): readonly Fault[] {
  if (service === 'lambda' && operation === 'Invoke') return OF_FUNCTION;
  return READS.test(operation) ? OF_READ : OF_WRITE;
}

export function faultCases(calls: readonly Call[]): FaultCase[] {
  return calls.flatMap((call) => faultsOf(call).map(([kind, depth]) => ({ ...call, kind, depth })));
}

/** The i-th of n parts (from 1), each with cases of every function. */
export function shareOf(cases: readonly FaultCase[], part: number, parts: number): FaultCase[] {
  return cases.filter((_, index) => index % parts === part - 1);
}

/** `1/4`; everything where nothing is said. */
export function parseShare(text: string | undefined): readonly [part: number, parts: number] {
  if (text === undefined || text === '') return [1, 1];
  const [part, parts] = (/^(\d+)\/(\d+)$/.exec(text)?.slice(1) ?? []).map(Number);
  if (part === undefined || parts === undefined || part < 1 || part > parts) {
    throw new Error(`A share is written i/n with i from 1 to n, as in 2/4; not "${text}".`);
  }
  return [part, parts];
}

/** So many cases, spread over all of them; of the same record the same ones, so that what fails once can be run again. */
export function sampled(cases: readonly FaultCase[], count: number): FaultCase[] {
  const sorted = cases.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const chosen = Math.min(count, sorted.length);
  return Array.from({ length: chosen }, (_, n) => sorted[Math.floor(((n + 0.5) * sorted.length) / chosen)]).filter(
    (found) => found !== undefined,
  );
}

export function nameOf({ function: name, service, operation, nth, kind, depth }: FaultCase): string {
  const what = service === 'lambda' && operation === 'Invoke' ? 'itself' : `${service} ${operation}`;
  return `${name}: ${what}, ${nth}: ${kind}${kind === 'kill' || kind === 'twice' ? '' : ` (${depth})`}`;
}
