/** Which rule a request meets and what it says to do: pure, so that every line of the ALB's rules is a line in a table. */
import { isIP } from 'node:net';
import type { Condition, Forward, ProtocolVersion, Redirect, Rule } from './model.ts';

export interface RequestView {
  readonly method: string;
  /** Host header or :authority, as it came. */
  readonly authority: string;
  /** Origin form, with the query. */
  readonly path: string;
  readonly sourceIp: string;
  /** Every value of a header, by lower-case name. */
  readonly header: (name: string) => readonly string[];
}

/** Without the port, in lower case. */
export function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, '');
}

export function splitPath(path: string): { readonly path: string; readonly query: string } {
  const at = path.indexOf('?');
  return at < 0 ? { path, query: '' } : { path: path.slice(0, at), query: path.slice(at + 1) };
}

/** Not decoded: the ALB compares, and hands to Lambda functions, what was sent. */
export function queryPairs(query: string): [key: string, value: string][] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    });
}

/** Worked out once a request and not once a rule: with a thousand clusters a listener has thousands of rules. */
interface Parts {
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

function matchesCondition(condition: Condition, request: RequestView, parts: Parts): boolean {
  switch (condition.kind) {
    case 'host':
      return condition.patterns.some((matches) => matches(parts.host));
    case 'path':
      return condition.patterns.some((matches) => matches(parts.path));
    case 'header':
      return request.header(condition.name).some((value) => condition.patterns.some((matches) => matches(value)));
    case 'method':
      return condition.methods.includes(request.method);
    case 'query': {
      const sent = queryPairs(parts.query);
      return condition.pairs.some((wanted) =>
        sent.some(([key, value]) => (wanted.key === undefined || wanted.key(key)) && wanted.value(value)),
      );
    }
    case 'source': {
      const family = isIP(request.sourceIp);
      return family !== 0 && condition.ranges.check(request.sourceIp, family === 4 ? 'ipv4' : 'ipv6');
    }
    case 'never':
      return false;
  }
}

/** Rules come sorted by priority; the default rule has no conditions and is last. */
export function findRule(rules: readonly Rule[], request: RequestView): Rule | undefined {
  const parts = { host: hostOf(request.authority), ...splitPath(request.path) };
  return rules.find(({ conditions }) => conditions.every((condition) => matchesCondition(condition, request, parts)));
}

/** `draw` is in [0, 1). Undefined when no group has any weight. */
export function chooseGroup({ groups }: Forward, draw: number): string | undefined {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  let left = draw * total;
  for (const { arn, weight } of groups) {
    if (left < weight) return arn;
    left -= weight;
  }
  return undefined;
}

/**
 * Whether a group of this version may be sent the request; else the ALB answers 464: HTTP/1.1 to a group that speaks
 * HTTP/2 or gRPC, gRPC to a group that speaks HTTP/1.1, and anything but POST to a gRPC group.
 */
export function isCompatible(
  version: ProtocolVersion,
  request: { readonly http2: boolean; readonly method: string; readonly contentType: string },
): boolean {
  const grpc = request.http2 && request.contentType.toLowerCase().startsWith('application/grpc');
  switch (version) {
    case 'HTTP1':
      return !grpc;
    case 'HTTP2':
      return request.http2;
    case 'GRPC':
      return request.http2 && request.method === 'POST';
  }
}

export function redirectLocation(
  redirect: Redirect,
  request: { readonly secure: boolean; readonly authority: string; readonly path: string; readonly port: number },
): string {
  const { path, query } = splitPath(request.path);
  const own: Record<string, string> = {
    protocol: request.secure ? 'https' : 'http',
    host: hostOf(request.authority),
    port: String(request.port),
    path: path.replace(/^\//, ''),
    query,
  };
  const fill = (text: string) => text.replace(/#\{(\w+)\}/g, (all, name: string) => own[name] ?? all);
  const filled = fill(redirect.query);
  return (
    `${fill(redirect.protocol).toLowerCase()}://${fill(redirect.host)}:${fill(redirect.port)}${fill(redirect.path)}` +
    (filled === '' ? '' : `?${filled}`)
  );
}
