/** Answers in the shape that an ALB with multi-value headers takes. Pure. */
import { STATUS_CODES } from 'node:http';
import { MOST_ANSWER_BYTES, type RelayResult } from '../common/http/relayed.ts';
import type { RequestKind } from './classify.ts';
import type { RefusalCode } from './decide.ts';

export interface EntryAnswer {
  readonly statusCode: number;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

interface RefusalFacts {
  readonly status: number;
  readonly grpcStatus: number;
  /** In seconds; undefined where trying again helps nobody. */
  readonly retryAfter?: number;
}

const UNAVAILABLE = 14;
const NOT_FOUND = 5;
const RETRY_SECONDS = 5;

/**
 * Every refusal of a gRPC request but the first is a 503 and UNAVAILABLE, which clients retry; the status of HTTP alone says
 * so too (the mapping is part of gRPC), should a load balancer change anything about the headers.
 */
const REFUSALS: Readonly<Record<RefusalCode | 'not-a-use' | 'broken', RefusalFacts>> = {
  'unknown-host': { status: 404, grpcStatus: NOT_FOUND },
  'registry-unreachable': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: RETRY_SECONDS },
  'cluster-failed': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: 60 },
  'cluster-deleting': { status: 503, grpcStatus: UNAVAILABLE },
  'still-waking': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: RETRY_SECONDS },
  'not-woken': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: 60 },
  'open-now': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: 0 },
  // By then the cluster is awake more often than not.
  'too-many': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: 2 * RETRY_SECONDS },
  unreachable: { status: 503, grpcStatus: UNAVAILABLE, retryAfter: RETRY_SECONDS },
  'not-a-use': { status: 503, grpcStatus: UNAVAILABLE, retryAfter: 60 },
  broken: { status: 502, grpcStatus: UNAVAILABLE },
};

/** The same text whether or not any cluster exists. */
export const UNKNOWN_HOST =
  'No Milvus cluster has this host name. Use <cluster>.<your domain>, or give the cluster this host name when you create it.';

export function refusal(kind: RequestKind, code: keyof typeof REFUSALS, reason: string): EntryAnswer {
  const { status, grpcStatus, retryAfter } = REFUSALS[code];
  const detail = code === 'unknown-host' ? UNKNOWN_HOST : sentence(reason);
  const headers = {
    'cache-control': ['no-store'],
    ...(retryAfter === undefined ? {} : { 'retry-after': [String(retryAfter)] }),
  };
  if (kind === 'grpc') {
    // Status and no message, in headers alone: all that gRPC can be told without trailers.
    return answer(status, '', {
      ...headers,
      'content-type': ['application/grpc'],
      'grpc-status': [String(grpcStatus)],
      'grpc-message': [percentEncoded(detail)],
    });
  }
  if (code === 'unknown-host') return answer(status, detail, { ...headers, 'content-type': ['text/plain'] });
  const body = {
    type: `urn:redkite:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
  };
  return answer(status, JSON.stringify(body), { ...headers, 'content-type': ['application/problem+json'] });
}

/** For an event that is none of the load balancer's. */
export function badRequest(reason: string): EntryAnswer {
  return answer(400, sentence(reason), { 'content-type': ['text/plain'] });
}

export function page(html: string, scriptHash: string): EntryAnswer {
  return answer(503, html, {
    'content-type': ['text/html; charset=utf-8'],
    'content-security-policy': [
      `default-src 'none'; style-src 'unsafe-inline'; script-src '${scriptHash}'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
    ],
    'cache-control': ['no-store'],
    'retry-after': [String(RETRY_SECONDS)],
    'x-content-type-options': ['nosniff'],
  });
}

export const PROGRESS_TYPE = 'application/vnd.redkite.progress+json';

export function progress(body: unknown): EntryAnswer {
  return answer(200, JSON.stringify(body), { 'content-type': [PROGRESS_TYPE], 'cache-control': ['no-store'] });
}

/** What Milvus answered, as it answered it; one that a load balancer would not take sends the client there itself. */
export function relayed(result: RelayResult & { kind: 'answer' | 'too-large' }, target: string): EntryAnswer {
  if (result.kind === 'too-large') return itself(target);
  const bytes = Buffer.from(result.body, 'base64');
  const text = bytes.toString('utf8');
  const headers: Record<string, string[]> = {};
  for (const [name, value] of result.headers) (headers[name.toLowerCase()] ??= []).push(value);
  const given = { statusCode: result.status, multiValueHeaders: headers };
  const answers: EntryAnswer[] = [{ ...given, body: result.body, isBase64Encoded: true }];
  // Quotation marks cost JSON a backslash, base64 costs a third: whichever is shorter.
  if (Buffer.from(text).equals(bytes)) answers.push({ ...given, body: text, isBase64Encoded: false });
  const sized = answers.map((value) => ({ value, size: Buffer.byteLength(JSON.stringify(value)) }));
  const { value, size } = sized.reduce((best, other) => (other.size < best.size ? other : best));
  return size <= MOST_ANSWER_BYTES ? value : itself(target);
}

/**
 * The same request once more, body and all (RFC 9110 section 15.4.8): it meets the open rule. For what a function cannot give: an
 * answer of that size (only reads have one), and the Content-Length of a HEAD, which a load balancer writes by the body it gets.
 */
export function itself(target: string): EntryAnswer {
  // A target may begin with two slashes, which in a Location are another host.
  const location = /^\/[/\\]/.test(target) ? `/.${target}` : target;
  return answer(307, '', { location: [location], 'cache-control': ['no-store'] });
}

function answer(statusCode: number, body: string, multiValueHeaders: EntryAnswer['multiValueHeaders']): EntryAnswer {
  return { statusCode, multiValueHeaders, body, isBase64Encoded: false };
}

function sentence(reason: string): string {
  const text = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** As gRPC writes its messages into a header: printable ASCII, all else by its bytes. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
