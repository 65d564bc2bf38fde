/** The edge of every function behind the HTTP API: JSON in, JSON out, every failure a problem+json. */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { z } from 'zod';
import { isAwsUnavailable } from '../lambda/errors.ts';
import { LOG_EVENTS } from '../lambda/events.ts';
import { logger } from '../lambda/logger.ts';
import { Problem, problemBody, problemFacts, type FieldError } from './problem.ts';

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_BODY_BYTES = 64 * 1024;

export function apiHandler(run: (event: APIGatewayProxyEventV2) => Promise<ApiResponse>) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .before(({ context }) => {
      logger.resetKeys();
      logger.addContext(context);
    })
    .handler(async (event) => {
      try {
        const { status, body, headers } = await run(event);
        return respond(status, body, 'application/json', headers);
      } catch (error) {
        return problemResponse(error);
      }
    });
}

function problemResponse(error: unknown): APIGatewayProxyStructuredResultV2 {
  const problem = problemOf(error);
  const body = problemBody(problem);
  const { retryAfter } = problemFacts(problem.code);
  if (body.status < 500) {
    logger.info('request refused', { event: LOG_EVENTS.requestRefused, code: problem.code, detail: problem.message });
  } else {
    logger.error('request failed', { event: LOG_EVENTS.requestFailed, code: problem.code, error: error as Error });
  }
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return respond(body.status, body, 'application/problem+json', headers);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isAwsUnavailable(error)
    ? new Problem(
        'unavailable',
        'AWS did not answer, or asked to be asked later. Send the same request again in a few seconds.',
      )
    : new Problem('internal', 'An unexpected error; it is in the log of the function.');
}

function respond(
  statusCode: number,
  body: unknown,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': contentType, ...headers }, body: JSON.stringify(body) };
}

/** The JSON body of a request; throws a problem that says what is wrong with it. */
export function parseBody<Schema extends z.ZodType>(event: APIGatewayProxyEventV2, schema: Schema): z.output<Schema> {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '');
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new Problem('body_too_large', `The body must have at most ${MAX_BODY_BYTES} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = text === '' ? 'The request has no body; a JSON object is needed.' : (error as Error).message;
    throw new Problem('malformed_body', detail, [{ field: 'body', message: 'must be a JSON object' }], {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidFields(parsed.error.issues.flatMap(fieldErrors));
}

const MAX_KEY = 128;

/** Undefined when the caller gives none. */
export function idempotencyKeyOf(event: APIGatewayProxyEventV2): string | undefined {
  const key = event.headers['idempotency-key'];
  if (key !== undefined && key.length > MAX_KEY) {
    throw invalidFields([{ field: 'Idempotency-Key', message: `must have at most ${MAX_KEY} characters` }]);
  }
  return key;
}

/** Of a list: how many entries a page has at most. */
export const pageLimitSchema = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(100, 'must be at most 100')
  .default(50);

/** The query of a request; throws a problem that names the parameter. */
export function parseQuery<Schema extends z.ZodType>(event: APIGatewayProxyEventV2, schema: Schema): z.output<Schema> {
  const query = schema.safeParse(event.queryStringParameters ?? {});
  if (query.success) return query.data;
  throw invalidFields(
    query.error.issues.flatMap(fieldErrors).map(({ field, message }) => ({
      field: field === 'body' ? 'query' : field,
      message,
    })),
  );
}

export function invalidFields(fields: readonly FieldError[]): Problem {
  return new Problem(
    'invalid_request',
    fields.map(({ field, message }) => `${field} ${message}`).join('; ') + '.',
    fields,
  );
}

/** An unknown field is reported at its own name, not at the object that holds it. */
export function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: 'is not a known field' }));
  }
  const message =
    issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : lowerFirst(issue.message);
  return [{ field: path.join('.') || 'body', message }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
