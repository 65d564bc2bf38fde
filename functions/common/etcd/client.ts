/**
 * etcd's v3 API over gRPC, for everything of ours that talks to a quorum. Given several members it asks one after the other
 * until one answers a read; `status` and `defragment` are about one member, so give them a connection to that one.
 * Plain text by default: members live in the private network, and their security group lets in the cluster's tasks only.
 */
import { openChannels, type Channels, type ConnectOptions } from './channels.ts';
import * as convert from './convert.ts';
import type {
  Alarm,
  Bytes,
  DeleteOptions,
  Header,
  Member,
  MemberStatus,
  PutOptions,
  RangeAnswer,
  RangeOptions,
  Transaction,
  TransactionAnswer,
  WatchBatch,
  WatchOptions,
} from './messages.ts';
import { watch } from './watch.ts';

export type { ConnectOptions } from './channels.ts';
export { EtcdError, isEtcdError, type EtcdErrorKind } from './errors.ts';
export * from './messages.ts';

export interface EtcdClient {
  readonly endpoints: readonly string[];
  readonly status: () => Promise<MemberStatus>;
  readonly memberList: (options: { linearizable: boolean }) => Promise<readonly Member[]>;
  readonly memberAddAsLearner: (peerUrls: readonly string[]) => Promise<Member>;
  readonly memberRemove: (id: string) => Promise<readonly Member[]>;
  readonly memberPromote: (id: string) => Promise<readonly Member[]>;
  /** Only the leader can do it: connect to it. */
  readonly moveLeader: (id: string) => Promise<void>;
  readonly alarms: () => Promise<readonly Alarm[]>;
  readonly disarm: (alarm: Alarm) => Promise<void>;
  /** Returns when the space can be used again. */
  readonly compact: (revision: number) => Promise<void>;
  /** Stops the member while it works: give it time. */
  readonly defragment: (options?: { timeoutMs: number }) => Promise<void>;
  readonly hashKv: (revision?: number) => Promise<{ hash: number; compactRevision: number; hashRevision: number }>;
  readonly range: (options: RangeOptions) => Promise<RangeAnswer>;
  /** Undefined when there is no such key. */
  readonly get: (key: Bytes, options?: Pick<RangeOptions, 'serializable' | 'revision'>) => Promise<Buffer | undefined>;
  readonly put: (options: PutOptions) => Promise<Header>;
  readonly deleteRange: (options: DeleteOptions) => Promise<Header & { deleted: number }>;
  readonly txn: (transaction: Transaction) => Promise<TransactionAnswer>;
  readonly watch: (options: WatchOptions) => AsyncGenerator<WatchBatch, void, void>;
  readonly leases: () => Promise<readonly string[]>;
  readonly leaseGrant: (ttlSeconds: number) => Promise<string>;
  readonly leaseRevoke: (id: string) => Promise<void>;
  readonly close: () => void;
  /** For codecs of one's own (bulk.ts). */
  readonly channels: Channels;
}

/** `endpoints`: host:port. Connects when first used; nothing fails before that. */
export function connectEtcd(endpoints: readonly string[], options: ConnectOptions): EtcdClient {
  const channels = openChannels(endpoints, options);
  const read = { elsewhere: true };
  const linearizableRead = { elsewhere: true, needsLeader: true };
  const write = { needsLeader: true };

  const range = async (wanted: RangeOptions) =>
    convert.rangeAnswer(
      await channels.call(
        'KV',
        'Range',
        convert.rangeRequest(wanted),
        wanted.serializable === true ? read : linearizableRead,
      ),
    );

  return {
    endpoints,
    channels,
    status: async () => convert.memberStatus(await channels.call('Maintenance', 'Status', {}, read)),
    memberList: async ({ linearizable }) =>
      convert.members(
        await channels.call('Cluster', 'MemberList', { linearizable }, linearizable ? linearizableRead : read),
      ),
    memberAddAsLearner: async (peerUrls) =>
      convert.addedMember(
        await channels.call('Cluster', 'MemberAdd', { peerURLs: [...peerUrls], isLearner: true }, write),
      ),
    memberRemove: async (id) => convert.members(await channels.call('Cluster', 'MemberRemove', { ID: id }, write)),
    memberPromote: async (id) => convert.members(await channels.call('Cluster', 'MemberPromote', { ID: id }, write)),
    moveLeader: async (id) => {
      await channels.call('Maintenance', 'MoveLeader', { targetID: id });
    },
    alarms: async () => convert.alarms(await channels.call('Maintenance', 'Alarm', { action: 'GET' }, read)),
    disarm: async ({ memberId, alarm }) => {
      await channels.call('Maintenance', 'Alarm', { action: 'DEACTIVATE', memberID: memberId, alarm }, write);
    },
    compact: async (revision) => {
      await channels.call('KV', 'Compact', { revision, physical: true }, write);
    },
    defragment: async (call = { timeoutMs: 60_000 }) => {
      await channels.call('Maintenance', 'Defragment', {}, call);
    },
    hashKv: async (revision = 0) => {
      const answer = (await channels.call('Maintenance', 'HashKV', { revision }, read)) as {
        hash: number;
        compactRevision: string;
        hashRevision: string;
      };
      return {
        hash: answer.hash,
        compactRevision: Number(answer.compactRevision),
        hashRevision: Number(answer.hashRevision),
      };
    },
    range,
    get: async (key, wanted = {}) => (await range({ key, ...wanted })).kvs[0]?.value,
    put: async (wanted) =>
      convert.header((await channels.call('KV', 'Put', convert.putRequest(wanted), write)) as convert.WireAnswer),
    deleteRange: async (wanted) => {
      const answer = (await channels.call(
        'KV',
        'DeleteRange',
        convert.deleteRequest(wanted),
        write,
      )) as convert.WireAnswer & { deleted: string };
      return { ...convert.header(answer), deleted: Number(answer.deleted) };
    },
    txn: async (transaction) =>
      convert.transactionAnswer(
        await channels.call('KV', 'Txn', convert.transactionRequest(transaction), {
          needsLeader: true,
        }),
      ),
    watch: (wanted) => watch(channels, wanted),
    leases: async () => {
      const answer = (await channels.call('Lease', 'LeaseLeases', {}, read)) as { leases: { ID: string }[] };
      return answer.leases.map(({ ID }) => ID);
    },
    leaseGrant: async (ttlSeconds) => {
      const answer = (await channels.call('Lease', 'LeaseGrant', { TTL: ttlSeconds }, write)) as { ID: string };
      return answer.ID;
    },
    leaseRevoke: async (id) => {
      await channels.call('Lease', 'LeaseRevoke', { ID: id }, write);
    },
    close: channels.close,
  };
}
