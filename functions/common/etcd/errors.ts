/**
 * What can go wrong with etcd, as kinds that code can decide on. etcd itself tells its errors apart by their text only
 * (many share one gRPC status), so the text is what is matched here, and nowhere else.
 */
import { status, type ServiceError } from '@grpc/grpc-js';
import { boundedText } from '../lambda/bounded.ts';

export type EtcdErrorKind =
  /** Nobody answers, or the member cannot reach its quorum. A write may have been applied all the same. */
  | 'unavailable'
  | 'no-leader'
  /** Our own deadline. A write may have been applied all the same. */
  | 'deadline'
  | 'cancelled'
  | 'compacted'
  | 'future-revision'
  | 'no-space'
  | 'too-large'
  | 'too-many-operations'
  | 'too-many-requests'
  | 'duplicate-key'
  | 'lease-not-found'
  | 'member-not-found'
  | 'member-exists'
  | 'peer-url-exists'
  | 'learner-not-ready'
  | 'not-a-learner'
  | 'too-many-learners'
  | 'too-few-started'
  | 'not-leader'
  | 'learner-cannot-serve'
  | 'corrupt'
  | 'denied'
  | 'other';

const TEXTS: readonly (readonly [text: string, kind: EtcdErrorKind])[] = [
  ['no leader', 'no-leader'],
  ['required revision has been compacted', 'compacted'],
  ['required revision is a future revision', 'future-revision'],
  ['database space exceeded', 'no-space'],
  ['request is too large', 'too-large'],
  ['too many operations in txn request', 'too-many-operations'],
  ['too many requests', 'too-many-requests'],
  ['duplicate key given in txn request', 'duplicate-key'],
  ['requested lease not found', 'lease-not-found'],
  ['member not found', 'member-not-found'],
  ['member ID already exist', 'member-exists'],
  ['Peer URLs already exists', 'peer-url-exists'],
  ['can only promote a learner member which is in sync with leader', 'learner-not-ready'],
  ['can only promote a learner member', 'not-a-learner'],
  ['too many learner members', 'too-many-learners'],
  ['not enough started members', 'too-few-started'],
  // Said when strict-reconfig-check finds members that have not been connected for long enough.
  ['unhealthy cluster', 'too-few-started'],
  ['not leader', 'not-leader'],
  ['rpc not supported for learner', 'learner-cannot-serve'],
  ['corrupt cluster', 'corrupt'],
  ['permission denied', 'denied'],
];

const STATUSES: Readonly<Partial<Record<status, EtcdErrorKind>>> = {
  [status.UNAVAILABLE]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'deadline',
  [status.CANCELLED]: 'cancelled',
  [status.UNAUTHENTICATED]: 'denied',
  [status.PERMISSION_DENIED]: 'denied',
  [status.RESOURCE_EXHAUSTED]: 'too-large',
  [status.DATA_LOSS]: 'corrupt',
};

export class EtcdError extends Error {
  readonly kind: EtcdErrorKind;
  /** With `compacted`, where etcd says it: the oldest revision that can still be read. */
  readonly compactRevision: number | undefined;

  constructor(kind: EtcdErrorKind, message: string, options: ErrorOptions & { compactRevision?: number } = {}) {
    super(message, options);
    this.name = 'EtcdError';
    this.kind = kind;
    this.compactRevision = options.compactRevision;
  }
}

export function errorKind(code: status, text: string): EtcdErrorKind {
  return TEXTS.find(([part]) => text.includes(part))?.[1] ?? STATUSES[code] ?? 'other';
}

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'details' in error;

/** `doing`: what failed and where, for the message: `Range at 10.0.0.5:2379`. */
export function etcdError(error: unknown, doing: string): EtcdError {
  if (error instanceof EtcdError) return error;
  if (!isServiceError(error))
    return new EtcdError('other', boundedText(`${doing}: ${String(error)}`), { cause: error });
  const kind = errorKind(error.code, error.details);
  return new EtcdError(kind, `${boundedText(`${doing}: ${error.details || error.message}`)} (${kind})`, {
    cause: error,
  });
}

export function isEtcdError(error: unknown, ...kinds: readonly EtcdErrorKind[]): error is EtcdError {
  return error instanceof EtcdError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Another member may answer where this one did not. */
export const isElsewhere = (error: unknown) =>
  isEtcdError(error, 'unavailable', 'no-leader', 'deadline', 'learner-cannot-serve');
