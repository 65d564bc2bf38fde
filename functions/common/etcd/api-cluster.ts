/** etcd's v3 API as data, second half: membership and maintenance. See api-kv.ts for how it reads. */
import type { EnumSpec, MessageSpec, ServiceSpec } from './descriptor.ts';

const header = 'ResponseHeader 1';

export const CLUSTER_MESSAGES: Readonly<Record<string, MessageSpec>> = {
  Member: {
    fields: {
      ID: 'uint64 1',
      name: 'string 2',
      peerURLs: 'repeated string 3',
      clientURLs: 'repeated string 4',
      isLearner: 'bool 5',
    },
  },
  MemberAddRequest: { fields: { peerURLs: 'repeated string 1', isLearner: 'bool 2' } },
  MemberAddResponse: { fields: { header, member: 'Member 2', members: 'repeated Member 3' } },
  MemberRemoveRequest: { fields: { ID: 'uint64 1' } },
  MemberRemoveResponse: { fields: { header, members: 'repeated Member 2' } },
  MemberUpdateRequest: { fields: { ID: 'uint64 1', peerURLs: 'repeated string 2' } },
  MemberUpdateResponse: { fields: { header, members: 'repeated Member 2' } },
  MemberListRequest: { fields: { linearizable: 'bool 1' } },
  MemberListResponse: { fields: { header, members: 'repeated Member 2' } },
  MemberPromoteRequest: { fields: { ID: 'uint64 1' } },
  MemberPromoteResponse: { fields: { header, members: 'repeated Member 2' } },

  AlarmRequest: { fields: { action: 'AlarmAction 1', memberID: 'uint64 2', alarm: 'AlarmType 3' } },
  AlarmMember: { fields: { memberID: 'uint64 1', alarm: 'AlarmType 2' } },
  AlarmResponse: { fields: { header, alarms: 'repeated AlarmMember 2' } },
  StatusRequest: { fields: {} },
  StatusResponse: {
    fields: {
      header,
      version: 'string 2',
      dbSize: 'int64 3',
      leader: 'uint64 4',
      raftIndex: 'uint64 5',
      raftTerm: 'uint64 6',
      raftAppliedIndex: 'uint64 7',
      errors: 'repeated string 8',
      dbSizeInUse: 'int64 9',
      isLearner: 'bool 10',
      storageVersion: 'string 11',
      dbSizeQuota: 'int64 12',
      downgradeInfo: 'DowngradeInfo 13',
    },
  },
  DowngradeInfo: { fields: { enabled: 'bool 1', targetVersion: 'string 2' } },
  DefragmentRequest: { fields: {} },
  DefragmentResponse: { fields: { header } },
  HashRequest: { fields: {} },
  HashResponse: { fields: { header, hash: 'uint32 2' } },
  HashKVRequest: { fields: { revision: 'int64 1' } },
  HashKVResponse: { fields: { header, hash: 'uint32 2', compactRevision: 'int64 3', hashRevision: 'int64 4' } },
  SnapshotRequest: { fields: {} },
  SnapshotResponse: { fields: { header, remainingBytes: 'uint64 2', blob: 'bytes 3', version: 'string 4' } },
  MoveLeaderRequest: { fields: { targetID: 'uint64 1' } },
  MoveLeaderResponse: { fields: { header } },
  DowngradeRequest: { fields: { action: 'DowngradeAction 1', version: 'string 2' } },
  DowngradeResponse: { fields: { header, version: 'string 2' } },
};

export const CLUSTER_ENUMS: Readonly<Record<string, EnumSpec>> = {
  AlarmType: { NONE: 0, NOSPACE: 1, CORRUPT: 2 },
  AlarmAction: { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 },
  DowngradeAction: { VALIDATE: 0, ENABLE: 1, CANCEL: 2 },
};

export const CLUSTER_SERVICES = {
  Cluster: {
    MemberAdd: { request: 'MemberAddRequest', response: 'MemberAddResponse' },
    MemberRemove: { request: 'MemberRemoveRequest', response: 'MemberRemoveResponse' },
    MemberUpdate: { request: 'MemberUpdateRequest', response: 'MemberUpdateResponse' },
    MemberList: { request: 'MemberListRequest', response: 'MemberListResponse' },
    MemberPromote: { request: 'MemberPromoteRequest', response: 'MemberPromoteResponse' },
  },
  Maintenance: {
    Alarm: { request: 'AlarmRequest', response: 'AlarmResponse' },
    Status: { request: 'StatusRequest', response: 'StatusResponse' },
    Defragment: { request: 'DefragmentRequest', response: 'DefragmentResponse' },
    Hash: { request: 'HashRequest', response: 'HashResponse' },
    HashKV: { request: 'HashKVRequest', response: 'HashKVResponse' },
    Snapshot: { request: 'SnapshotRequest', response: 'SnapshotResponse', stream: 'response' },
    MoveLeader: { request: 'MoveLeaderRequest', response: 'MoveLeaderResponse' },
    Downgrade: { request: 'DowngradeRequest', response: 'DowngradeResponse' },
  },
} as const satisfies Readonly<Record<string, ServiceSpec>>;
