/**
 * What the ALB adds to, and takes from, headers on their way. Headers are flat lists (name, value, name, value, ...) as
 * Node reads them: nothing is reordered, joined or lost.
 */
export type FlatHeaders = readonly string[];

/** Belong to one connection (RFC 9110 section 7.6.1); HTTP/2 forbids them. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
  'trailer',
]);

export function* headerPairs(headers: FlatHeaders): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < headers.length; index += 2) yield [headers[index] ?? '', headers[index + 1] ?? ''];
}

export function headerValues(headers: FlatHeaders, lowerName: string): string[] {
  const found: string[] = [];
  for (const [name, value] of headerPairs(headers)) if (name.toLowerCase() === lowerName) found.push(value);
  return found;
}

/** The headers that travel on: neither pseudo headers, nor the connection's own, nor what `Connection` names. */
export function endToEnd(headers: FlatHeaders, except: ReadonlySet<string> = new Set()): string[] {
  const named = new Set(
    headerValues(headers, 'connection').flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())),
  );
  const kept: string[] = [];
  for (const [name, value] of headerPairs(headers)) {
    const lower = name.toLowerCase();
    if (lower.startsWith(':') || HOP_BY_HOP.has(lower) || named.has(lower) || except.has(lower)) continue;
    kept.push(name, value);
  }
  return kept;
}

/** HTTP/2 has lower-case names only (RFC 9113 section 8.2). */
export function lowerNames(headers: FlatHeaders): string[] {
  return headers.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}

/** `id`: a fresh trace id, see newTraceId. */
export function traceHeader(sent: string | undefined, id: string): string {
  if (sent === undefined || sent.trim() === '') return `Root=${id}`;
  const fields = sent
    .split(';')
    .map((field) => field.trim())
    .filter((field) => field !== '');
  if (!fields.some((field) => field.startsWith('Root='))) return [`Root=${id}`, ...fields].join(';');
  return [`Self=${id}`, ...fields.filter((field) => !field.startsWith('Self='))].join(';');
}

/** Version, seconds since the epoch in hexadecimal, 24 random digits. */
export function newTraceId(nowMs: number, random: string): string {
  return `1-${Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0')}-${random.padStart(24, '0').slice(0, 24)}`;
}

export interface Hop {
  readonly sourceIp: string;
  readonly secure: boolean;
  /** The listener's port as on AWS. */
  readonly port: number;
  readonly traceId: string;
}

const REPLACED = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port', 'x-amzn-trace-id', 'expect']);

/** A request's headers as the target, or the Lambda function, gets them. */
export function requestHeaders(headers: FlatHeaders, hop: Hop): string[] {
  const before = headerValues(headers, 'x-forwarded-for');
  return [
    ...endToEnd(headers, REPLACED),
    'X-Forwarded-For',
    [...before, hop.sourceIp].join(', '),
    'X-Forwarded-Proto',
    hop.secure ? 'https' : 'http',
    'X-Forwarded-Port',
    String(hop.port),
    'X-Amzn-Trace-Id',
    traceHeader(headerValues(headers, 'x-amzn-trace-id')[0], hop.traceId),
  ];
}
