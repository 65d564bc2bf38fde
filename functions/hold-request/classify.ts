/** What kind of request this is, and whether it is a reason to wake a cluster. Pure. */
import { wildcard, type Wildcard } from '../common/http/wildcards.ts';
import { MILVUS_SERVICE, POLLING_METHODS } from './known.ts';
import { headerOf, type EntryRequest } from './request.ts';

/** `progress`: our own waiting page asks how far it is. */
export type RequestKind = 'grpc' | 'rest' | 'browser' | 'progress';

/** `use` wakes the cluster. `poll` waits for it when it wakes anyway. `noise` does neither. */
export type Motive = 'use' | 'poll' | 'noise';

export interface Classified {
  readonly kind: RequestKind;
  readonly motive: Motive;
  readonly reason: string;
}

export const PROGRESS_HEADER = 'x-redkite-progress';

export interface Filters {
  readonly ignoresAgent: Wildcard;
  readonly ignoresPath: Wildcard;
  readonly usesPath: Wildcard;
}

/** A comma-separated parameter; `defaults` in it stands for `known`. */
export function patternList(parameter: string, known: readonly string[]): string[] {
  return parameter
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .flatMap((pattern) => (pattern === 'defaults' ? known : [pattern]));
}

export function filtersOf(lists: {
  readonly agents: readonly string[];
  readonly paths: readonly string[];
  readonly usedPaths: readonly string[];
}): Filters {
  const any = (patterns: readonly string[]): Wildcard => {
    const compiled = patterns.map((pattern) => wildcard(pattern, { ignoreCase: true }));
    return (text) => compiled.some((matches) => matches(text));
  };
  return {
    ignoresAgent: any(lists.agents.map((agent) => `*${agent}*`)),
    ignoresPath: any(lists.paths),
    usesPath: any(lists.usedPaths),
  };
}

export function classify(request: EntryRequest, filters: Filters): Classified {
  const kind = kindOf(request);
  const agent = headerOf(request, 'user-agent') ?? '';
  if (filters.ignoresAgent(agent)) return { kind, motive: 'noise', reason: 'health checkers and scanners wake nobody' };
  if (kind === 'grpc') return { kind, ...grpcMotive(request.path) };
  if (kind === 'progress') return { kind, motive: 'poll', reason: 'the waiting page asks how far it is' };
  if (filters.ignoresPath(request.path)) {
    return { kind, motive: 'noise', reason: 'this path is asked for by checks and scanners, and wakes nobody' };
  }
  if (kind === 'browser') return { kind, motive: 'use', reason: 'a person waits in front of a browser' };
  return filters.usesPath(request.path)
    ? { kind, motive: 'use', reason: 'a request of the REST API' }
    : { kind, motive: 'noise', reason: 'this path is not of Milvus’ REST API, and wakes nobody' };
}

function kindOf(request: EntryRequest): RequestKind {
  if (headerOf(request, 'content-type')?.toLowerCase().startsWith('application/grpc') === true) return 'grpc';
  if (request.method !== 'GET') return 'rest';
  if (headerOf(request, PROGRESS_HEADER) !== undefined) return 'progress';
  return headerOf(request, 'accept')?.toLowerCase().includes('text/html') === true ? 'browser' : 'rest';
}

function grpcMotive(path: string): Omit<Classified, 'kind'> {
  if (!path.startsWith(MILVUS_SERVICE)) {
    // Health checks, reflection, and the heartbeat that an SDK sends every ten seconds as long as its client is open.
    return { motive: 'noise', reason: 'only calls of Milvus’ own service wake it' };
  }
  const method = path.slice(MILVUS_SERVICE.length);
  return POLLING_METHODS.has(method)
    ? { motive: 'poll', reason: `${method} asks how the cluster is, and does not wake it` }
    : { motive: 'use', reason: 'a call of a Milvus client' };
}
