/** The event that an ALB makes of a request for a Lambda function, with multi-value headers. Pure; anybody may send anything. */
import { z } from 'zod';

const lists = z.record(z.string(), z.array(z.string()));
const eventSchema = z.object({
  requestContext: z.object({ elb: z.object({ targetGroupArn: z.string() }) }),
  httpMethod: z.string(),
  path: z.string(),
  multiValueQueryStringParameters: lists.nullish(),
  multiValueHeaders: lists.nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export interface EntryRequest {
  readonly method: string;
  /** Origin form: path and query, as they were sent. */
  readonly target: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export type ReadRequest = { readonly request: EntryRequest } | { readonly refused: string };

const METHOD = /^[A-Z]{1,20}$/;
/** A line break or a space in it would end the request line. */
const TARGET = /^\/[\x21-\x7e]*$/;

/** `targetGroups`: what the ARN of our target group begins with (its last part is random). */
export function readRequest(event: unknown, targetGroups: string): ReadRequest {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) return { refused: 'this is no event of a load balancer with multi-value headers' };
  const { requestContext, httpMethod, path, body, isBase64Encoded, ...rest } = parsed.data;
  if (!requestContext.elb.targetGroupArn.startsWith(targetGroups)) {
    return { refused: 'the event is from another target group than ours' };
  }
  const query = pairs(rest.multiValueQueryStringParameters).map(([name, value]) => `${name}=${value}`);
  const target = query.length === 0 ? path : `${path}?${query.join('&')}`;
  if (!METHOD.test(httpMethod) || !TARGET.test(target)) return { refused: 'the request line is malformed' };
  return {
    request: {
      method: httpMethod,
      target,
      path,
      headers: pairs(rest.multiValueHeaders).map(([name, value]) => [name.toLowerCase(), value]),
      body: body ?? '',
      isBase64Encoded: isBase64Encoded ?? false,
    },
  };
}

function pairs(values: Readonly<Record<string, readonly string[]>> | null | undefined): [string, string][] {
  return Object.entries(values ?? {}).flatMap(([name, list]) => list.map((value): [string, string] => [name, value]));
}

/** The first value of a header. */
export function headerOf({ headers }: Pick<EntryRequest, 'headers'>, lowerName: string): string | undefined {
  return headers.find(([name]) => name === lowerName)?.[1];
}

const TRACE_TIME = /(?:Self|Root)=1-([0-9a-f]{8})-/;
/** Older than this, or from the future, the trace id is not the load balancer's. */
const OLDEST_ARRIVAL_MS = 60_000;

/**
 * When the request reached the load balancer, in whole seconds, from the trace id that it adds: a function that has to
 * start first does not see the request before that, while the client's deadline runs. A client that forges the id only
 * shortens its own time.
 */
export function arrivalMs(traceId: string | undefined, nowMs: number): number {
  // Where the client has sent an id, the load balancer's own is `Self`, and it stands first.
  const seconds = TRACE_TIME.exec(traceId ?? '')?.[1];
  if (seconds === undefined) return nowMs;
  const arrived = Number.parseInt(seconds, 16) * 1_000;
  return arrived <= nowMs && arrived >= nowMs - OLDEST_ARRIVAL_MS ? arrived : nowMs;
}
