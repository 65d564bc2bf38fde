/**
 * Milvus releases as data (decision 9 of the design): the roles a release has, where they listen, the order in which
 * they start. 2.3.5 is what is run for real in local mode; a release that is not listed is refused at create.
 *
 * Sources: milvus.io documentation of each release (configuration pages), measured facts in docs/architecture.md.
 */
export const ROLE_NAMES = [
  'rootcoord',
  'datacoord',
  'querycoord',
  'querynode',
  'datanode',
  'indexnode',
  'proxy',
] as const;

export type RoleName = (typeof ROLE_NAMES)[number];

export interface RoleProfile {
  readonly role: RoleName;
  /** Coordinators run once, or twice as active and standby; workers and proxies as often as asked. */
  readonly layer: 'coordinator' | 'worker' | 'access';
  /** Environment variable that switches active-standby on; only coordinators have one. */
  readonly standbyVariable?: string;
  /** Fargate CPU units and MiB. */
  readonly cpu: number;
  readonly memory: number;
}

export interface ReleaseProfile {
  readonly release: string;
  /** In the order in which Milvus asks for them to be started. */
  readonly roles: readonly RoleProfile[];
  /** `dataNode` is what coordinators call data nodes on. */
  readonly ports: { readonly client: number; readonly management: number; readonly dataNode: number };
  readonly messageQueues: readonly 'kafka'[];
  readonly garbage: GarbageProfile;
  /** Milvus settings that this release needs, as environment variables of every role. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How this release removes what its catalog does not name (any more) from the bucket. */
export interface GarbageProfile {
  readonly role: RoleName;
  /** Environment variable with the age in seconds that a file reaches before it may be removed as unknown. */
  readonly unknownToleranceVariable: string;
  readonly unknownToleranceSeconds: number;
  /** For which the files of a dropped or compacted segment stay. */
  readonly droppedToleranceSeconds: number;
  /** Path on the management port that pauses it; 2.3.5 has none (it came later), its settings hold from start to end. */
  readonly pausePath?: string;
}

const COORDINATOR = { layer: 'coordinator', cpu: 256, memory: 1024 } as const;

const SEPARATE_COORDINATORS: readonly RoleProfile[] = [
  { role: 'rootcoord', standbyVariable: 'ROOT_COORD_ENABLE_ACTIVE_STANDBY', ...COORDINATOR },
  { role: 'datacoord', standbyVariable: 'DATA_COORD_ENABLE_ACTIVE_STANDBY', ...COORDINATOR },
  { role: 'querycoord', standbyVariable: 'QUERY_COORD_ENABLE_ACTIVE_STANDBY', ...COORDINATOR },
  { role: 'indexnode', layer: 'worker', cpu: 1024, memory: 4096 },
  { role: 'querynode', layer: 'worker', cpu: 1024, memory: 4096 },
  { role: 'datanode', layer: 'worker', cpu: 512, memory: 2048 },
  { role: 'proxy', layer: 'access', cpu: 512, memory: 2048 },
];

/**
 * What makes a nap of any length safe (measured, docs/decisions). After one, the log begins behind the positions that Milvus
 * goes on from, and the last tick that a query node knows of is as old as the nap was long.
 */
const LONG_NAPS = {
  // librdkafka goes to the END of a log that no longer has its position, and skips what was written since the wake: rows that
  // were acknowledged are lost. The name is meant to have dots: Milvus hands what follows `kafka.consumer.` to librdkafka.
  'kafka.consumer.auto.offset.reset': 'earliest',
  // Seconds, ten years. With the default, a day, a search that comes before the first tick is refused; so it waits for it.
  QUERYNODE_SCHEDULER_MAXTIMESTAMPLAG: '315360000',
} as const;

/**
 * Seconds for which a role stays registered without renewing it. Milvus' own 30 are over when a member of etcd stands still for so
 * long: the client does not notice a member that says nothing, and renews through it every third of this. A role whose task has
 * ended does not wait for it (retire-session).
 */
const SESSIONS = { COMMON_SESSION_TTL: '60' } as const;

/**
 * Seconds between two looks of the query coordinator at what is to be loaded. When all roles start together, it asks the data coordinator
 * before that has found its channels, is told of nothing, and Milvus' own 10 pass until it asks again: three wakes of five
 * took 18 to 19 s, in which for ten nothing happened, and one took 7.6 s. Each look asks once for every loaded collection.
 */
const TARGETS = { QUERYCOORD_UPDATENEXTTARGETINTERVAL: '2' } as const;

export const RELEASES: Readonly<Record<string, ReleaseProfile>> = {
  '2.3.5': {
    release: '2.3.5',
    roles: SEPARATE_COORDINATORS,
    ports: { client: 19530, management: 9091, dataNode: 21124 },
    messageQueues: ['kafka'],
    garbage: {
      role: 'datacoord',
      unknownToleranceVariable: 'DATACOORD_GC_MISSINGTOLERANCE',
      unknownToleranceSeconds: 3_600,
      droppedToleranceSeconds: 10_800,
    },
    environment: { ...LONG_NAPS, ...SESSIONS, ...TARGETS },
  },
};

export const DEFAULT_RELEASE = '2.3.5';

export function releaseProfile(release: string): ReleaseProfile | undefined {
  return Object.hasOwn(RELEASES, release) ? RELEASES[release] : undefined;
}

/**
 * etcd is the same for every release. Quota and memory belong together: the quota is a limit that can be lifted again, running
 * out of memory ends all members at once, because all of them hold the same. Measured: 1,000,000 keys of 250 bytes are a file of
 * 328 MiB, 640 MiB of memory after they were put in transactions of 100, 755 MiB while the file is written anew.
 */
export const ETCD = {
  clientPort: 2379,
  peerPort: 2380,
  cpu: 256,
  memory: 1024,
  quotaBytes: 384 * 1024 ** 2,
  /** etcd's own compaction, as the last net: maintain-quorum drops history much sooner, and only what is in S3. */
  autoCompaction: { mode: 'periodic', retention: '24h' },
  /** etcd's own is 128. A restore puts a thousand keys and its progress at a time (common/archive/restore.ts). */
  maxTxnOps: 1_024,
} as const;

/** Fargate's legal pairs: CPU units -> MiB (AWS documentation, "Amazon ECS task CPU and memory"). */
const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

export const FARGATE_SIZES: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: range(1024, 4096, 1024),
  1024: range(2048, 8192, 1024),
  2048: range(4096, 16384, 1024),
  4096: range(8192, 30720, 1024),
  8192: range(16384, 61440, 4096),
  16384: range(32768, 122880, 8192),
};
