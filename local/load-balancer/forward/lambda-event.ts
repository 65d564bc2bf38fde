/** The ALB's event for Lambda functions, and the HTTP answer that is made of what they return: pure. */
import { z } from 'zod';
import { headerPairs, type FlatHeaders } from '../listen/headers.ts';
import { queryPairs, splitPath } from '../rules/rules.ts';

/** Of the request's body, and of the function's whole answer. */
export const MOST_BODY_BYTES = 1024 * 1024;

export interface LambdaRequest {
  readonly targetGroupArn: string;
  readonly method: string;
  readonly path: string;
  readonly headers: FlatHeaders;
  readonly authority: string;
  readonly body: Buffer;
  readonly multiValueHeaders: boolean;
}

/** Sent as text: these types, unless the body is compressed or otherwise encoded. Everything else in base64. */
const TEXT = /^\s*(text\/|application\/(json|javascript|xml)\b)/i;

export function lambdaEvent(request: LambdaRequest): Record<string, unknown> {
  const { path, query } = splitPath(request.path);
  const headers: [string, string][] = [['host', request.authority]];
  for (const [name, value] of headerPairs(request.headers)) {
    if (name.toLowerCase() !== 'host') headers.push([name.toLowerCase(), value]);
  }
  const one = (name: string) => headers.find(([header]) => header === name)?.[1];
  const text =
    request.body.length === 0 || (one('content-encoding') === undefined && TEXT.test(one('content-type') ?? ''));
  const parameters = queryPairs(query);
  return {
    requestContext: { elb: { targetGroupArn: request.targetGroupArn } },
    httpMethod: request.method,
    path,
    ...(request.multiValueHeaders
      ? { multiValueQueryStringParameters: lists(parameters), multiValueHeaders: lists(headers) }
      : // Of several values the last one stays.
        { queryStringParameters: Object.fromEntries(parameters), headers: Object.fromEntries(headers) }),
    body: request.body.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  };
}

function lists(pairs: readonly [string, string][]): Record<string, string[]> {
  return Object.fromEntries(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, values]) => [name, values.map(([, value]) => value)]),
  );
}

const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const answerSchema = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), value).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(value)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export interface LambdaAnswer {
  readonly status: number;
  readonly headers: FlatHeaders;
  readonly body: Buffer;
}

const NOT_THE_FUNCTIONS = new Set(['content-length', 'connection', 'transfer-encoding', 'keep-alive']);
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// The characters of RFC 9110's field values, Latin-1 included; a line break would start a header of its own.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Undefined: malformed, which the ALB answers with 502. */
export function lambdaAnswer(payload: Uint8Array, multiValueHeaders: boolean): LambdaAnswer | undefined {
  if (payload.length > MOST_BODY_BYTES) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { statusCode, headers, multiValueHeaders: multi, body, isBase64Encoded } = parsed.data;
  const pairs: [string, string][] = multiValueHeaders
    ? Object.entries(multi ?? {}).flatMap(([name, values]) => values.map((text): [string, string] => [name, text]))
    : Object.entries(headers ?? {});
  if (!pairs.every(([name, text]) => HEADER_NAME.test(name) && HEADER_VALUE.test(text))) return undefined;
  const kept = pairs.filter(([name]) => !NOT_THE_FUNCTIONS.has(name.toLowerCase()));
  return {
    status: statusCode,
    headers: kept.flat(),
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
