/**
 * To a Lambda function: the whole request as one event, the whole answer back, at most 1 MB each. This is how a sleeping
 * cluster is reached: its rule is closed, and the default action forwards to hold-request.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { messageOf } from '../../emulator-watch.ts';
import { respondWithError, respondWithText, type Exchange } from '../listen/exchange.ts';
import { headerPairs, type FlatHeaders } from '../listen/headers.ts';
import { MOST_BODY_BYTES, lambdaAnswer, lambdaEvent } from './lambda-event.ts';
import type { TargetGroup } from '../rules/model.ts';
import type { Observer } from './relay.ts';

export type InvokeFunction = (functionArn: string, event: Buffer, signal: AbortSignal) => Promise<Invocation>;

export interface Invocation {
  readonly payload: Uint8Array;
  /** The function threw, ran out of time or died. */
  readonly failed: boolean;
}

/** As many requests may wait for a cluster to wake. */
const MOST_INVOCATIONS = 1_000;

export function lambdaInvoker(endpoint: string, region: string): InvokeFunction {
  const client = new LambdaClient({
    endpoint,
    region,
    // A second try could do the work twice; the ALB tries once.
    maxAttempts: 1,
    requestHandler: { httpAgent: { maxSockets: MOST_INVOCATIONS, keepAlive: true } },
  });
  return async (FunctionName, Payload, abortSignal) => {
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload }), { abortSignal });
    return { payload: answer.Payload ?? new Uint8Array(), failed: answer.FunctionError !== undefined };
  };
}

export interface LambdaOptions {
  readonly invoke: InvokeFunction;
  readonly headers: FlatHeaders;
  readonly idleTimeoutMs: number;
  readonly observer: Observer;
  readonly log: (message: string) => void;
}

export async function forwardToLambda(
  exchange: Exchange,
  group: TargetGroup,
  functionArn: string,
  options: LambdaOptions,
): Promise<void> {
  const { invoke, headers, idleTimeoutMs, observer, log } = options;
  const gone = new AbortController();
  const clientGone = () => gone.signal.aborted;
  exchange.onClose(() => {
    gone.abort();
  });
  const body = await readBody(exchange, idleTimeoutMs);
  if (clientGone()) return;
  if (typeof body === 'number') {
    respondWithError(exchange, body);
    return;
  }
  const event = lambdaEvent({
    targetGroupArn: group.arn,
    method: exchange.method,
    path: exchange.path,
    authority: exchange.authority,
    headers,
    body,
    multiValueHeaders: group.multiValueHeaders,
  });
  const late = AbortSignal.timeout(idleTimeoutMs);
  let invocation: Invocation;
  try {
    invocation = await invoke(functionArn, Buffer.from(JSON.stringify(event)), AbortSignal.any([gone.signal, late]));
  } catch (error) {
    if (clientGone()) return;
    const status = late.aborted ? 504 : 502;
    log(`Invoking ${functionArn} failed: ${messageOf(error)}. The client got ${status}.`);
    observer.failed(status, 'target');
    respondWithError(exchange, status);
    return;
  }
  const answer = invocation.failed ? undefined : lambdaAnswer(invocation.payload, group.multiValueHeaders);
  if (answer === undefined) {
    const text = Buffer.from(invocation.payload).toString('utf8').slice(0, 300);
    log(`${functionArn} ${invocation.failed ? 'failed' : 'gave no HTTP answer'}: ${text}. The client got 502.`);
    observer.failed(502, 'target');
    respondWithError(exchange, 502);
    return;
  }
  observer.answered(answer.status);
  const type = [...headerPairs(answer.headers)].find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const others = [...headerPairs(answer.headers)].filter(([name]) => name.toLowerCase() !== 'content-type').flat();
  respondWithText(exchange, answer.status, type ?? 'application/octet-stream', answer.body, others);
}

/** The body, or the status for a client that sends too much or stops sending. */
function readBody(exchange: Exchange, idleTimeoutMs: number): Promise<Buffer | 408 | 413> {
  if (!exchange.hasBody) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | 408 | 413) => {
      clearTimeout(timer);
      exchange.body.removeListener('data', take);
      resolve(result);
    };
    const timer = setTimeout(() => {
      settle(408);
    }, idleTimeoutMs);
    const take = (chunk: Buffer) => {
      timer.refresh();
      size += chunk.length;
      if (size > MOST_BODY_BYTES) settle(413);
      else chunks.push(chunk);
    };
    exchange.body.on('data', take);
    exchange.body.on('end', () => {
      settle(Buffer.concat(chunks));
    });
    exchange.body.on('close', () => {
      settle(Buffer.concat(chunks));
    });
  });
}
