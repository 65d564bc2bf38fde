/**
 * Single source of truth for errors. An error's `name` is what a state machine matches in `ErrorEquals`, so it is set
 * explicitly (bundlers rename classes) and every name used in a machine is one of these.
 *
 * "Not ready yet" is never an error: functions return it as a value. An error means broken.
 */
import type { ConditionType } from '../cluster/conditions.ts';

interface ErrorFacts {
  /** The condition that this error makes False; undefined when it says nothing about one part. */
  readonly condition?: ConditionType;
  /** The same wake would fail in the same way again. */
  readonly lasting?: true;
  /** What a person should do next. */
  readonly advice: string;
}

export const ERRORS = {
  InvalidInput: { advice: 'Correct the input and start again.' },
  AwsUnavailable: {
    advice: 'AWS did not answer for a minute, or asked to be asked later. Start the operation again when it does.',
  },
  OwnershipLost: { advice: 'Another operation owns the cluster now. Look at its phase before you start a new one.' },
  MessagingUnreachable: {
    condition: 'MessagingReady',
    advice: 'Check that the MSK cluster is ACTIVE and that its security group lets the Redkite functions and tasks in.',
  },
  StorageUnreachable: {
    condition: 'StorageReady',
    advice: 'Check that the bucket exists and that the role of the function may list it.',
  },
  MemberFailedToStart: {
    condition: 'MetadataReady',
    advice: 'Check the etcd image and the log group of the members, then create the cluster again.',
  },
  MemberLost: {
    condition: 'MetadataReady',
    advice: 'Check the log group of the etcd members for why the task ended, then try again.',
  },
  MembersNotRunning: {
    condition: 'MetadataReady',
    advice: 'Look at the stopped tasks of the ECS cluster: capacity, subnets and the image are the usual reasons.',
  },
  QuorumNotFormed: {
    condition: 'MetadataReady',
    advice: 'Read the log of the etcd members; names that do not resolve are the usual reason.',
  },
  QuorumLost: {
    condition: 'MetadataReady',
    advice:
      'A majority of the etcd members lost its data with its tasks. Recover the cluster from its metadata archive.',
  },
  MemberNotReplaced: {
    condition: 'MetadataReady',
    advice:
      'Look at the stopped tasks and the log of the etcd members, then start replace-member with {"cluster": name}.',
  },
  UpgradeRefused: {
    advice: 'Nothing was changed. Deploy an etcd image that the running one may be replaced by, then start it again.',
  },
  MetadataFull: {
    condition: 'MetadataReady',
    advice:
      'The catalog itself is as large as the quota of etcd lets it be: see docs/runbooks/etcd-no-space.md for how to make room.',
  },
  MetadataCorrupt: {
    condition: 'MetadataReady',
    advice:
      'etcd found members with different data and serves nobody. See docs/runbooks/etcd-no-space.md before anything is cleared.',
  },
  MaintenanceNotFinished: {
    advice: 'Look at the log of the etcd members, then start maintain-quorum with {"cluster": name}.',
  },
  RoleFailedToStart: {
    condition: 'ComputeReady',
    advice: 'Check the Milvus image and the log group of the roles, then create the cluster again.',
  },
  TasksNotRunning: {
    condition: 'ComputeReady',
    advice: 'Look at the events of the ECS services: capacity, subnets and the image are the usual reasons.',
  },
  ComputeNotReady: {
    condition: 'ComputeReady',
    advice: 'Read the log of the role that is not healthy.',
  },
  VerificationFailed: {
    condition: 'MessagingReady',
    advice:
      'Milvus is up but could not create a collection: its Kafka credentials and the broker settings are the usual reasons.',
  },
  TargetsNotHealthy: {
    condition: 'EndpointsReady',
    advice: 'Check that the security group of the tasks lets the load balancer in on ports 19530 and 9091.',
  },
  MetadataUnreachable: {
    condition: 'MetadataReady',
    advice: 'Look at the etcd members of the cluster: their tasks, and whether they answer.',
  },
  NothingToRestore: {
    condition: 'MetadataReady',
    lasting: true,
    advice:
      'No archive and no member that could be read is left. Look into the bucket below metadata/ for what there is.',
  },
  QuorumNotLost: {
    advice: 'The members did not become healthy, and were not lost either. Look at their tasks and logs.',
  },
  FlushRefused: {
    advice: 'Nothing was stopped and the cluster is awake. Read the log of the data coordinator and of the data nodes.',
  },
  SleepGivenUp: {
    advice:
      'Look at the executions of sleep-cluster for what they died of. Then send the same action again: it goes on from there.',
  },
  TasksNotStopped: { advice: 'Tasks of this cluster are still stopping. Try again in a minute.' },
  ArchiveUnusable: {
    condition: 'MetadataReady',
    lasting: true,
    advice: 'Nothing was changed. List the archives of the cluster and use the newest one that is verified.',
  },
  FilesMissing: {
    advice:
      'Nothing was changed. Choose a newer state, or start again with "allowMissing": true to restore what is still there.',
  },
  RestoreUnfinished: {
    condition: 'MetadataReady',
    advice: 'The quorum holds a part of something. Start the recovery or the restore again; it begins anew.',
  },
  NothingToArchive: {
    advice: 'The quorum is empty, so the archives that exist were kept as they are. Restore one before you archive.',
  },
  QuorumNotEmpty: {
    condition: 'MetadataReady',
    lasting: true,
    advice: 'Nothing was changed. Restore into a new, empty quorum, or archive and remove what this one holds first.',
  },
  RestoreNotVerified: {
    condition: 'MetadataReady',
    lasting: true,
    advice: 'The quorum does not hold what was restored and stays closed. Make a new, empty quorum and restore again.',
  },
} as const satisfies Record<string, ErrorFacts>;

export type ErrorName = keyof typeof ERRORS;

export class RedkiteError extends Error {
  constructor(name: ErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name);
}

/** The facts of a name that may come from anywhere (a state machine's Cause, say). */
export function errorFacts(name: string): ErrorFacts {
  return isErrorName(name) ? ERRORS[name] : { advice: 'Open the execution in the Step Functions console for details.' };
}

/** What was thrown, in words; libraries throw things that are no errors. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An AWS client's error: what it throws, on network errors too, has its metadata. */
interface AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
  /** Set where the API's model calls the error one that passes. */
  readonly $retryable?: object;
  /** Of Node's network errors. */
  readonly code?: unknown;
}

const isOfAws = (error: unknown): error is AwsError => error instanceof Error && '$metadata' in error;
const THROTTLED = /Throttl|TooManyRequests|SlowDown|RequestLimitExceeded|ProvisionedThroughputExceeded/;
/** Of Cloud Map: another operation on the same instance goes on, as when the answer to this very call was lost. */
const UNDER_WAY = 'DuplicateRequest';
const CUT = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** An AWS client gave up on what passes by itself: throttled, unavailable, or no answer at all. */
export const isAwsUnavailable = (error: unknown): error is Error => isOfAws(error) && passesByItself(error);

/** As the clients judge it for their own retries, which are over within a second. */
function passesByItself({ name, code, $metadata: { httpStatusCode = 0 }, $retryable }: AwsError): boolean {
  return (
    httpStatusCode >= 500 ||
    httpStatusCode === 429 ||
    $retryable !== undefined ||
    THROTTLED.test(name) ||
    name === UNDER_WAY ||
    name.includes('Timeout') ||
    (typeof code === 'string' && CUT.test(code))
  );
}

/**
 * What an AWS client gave up on, under the one name that every machine goes on to retry. Each service has names of its own
 * for the same trouble; anything else is returned as it is.
 */
export function namedForMachines(error: unknown): unknown {
  return isAwsUnavailable(error)
    ? new RedkiteError('AwsUnavailable', `${error.name}: ${error.message}`, { cause: error })
    : error;
}

/** True for an error that AWS or a library threw under this name. */
export function hasName(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
