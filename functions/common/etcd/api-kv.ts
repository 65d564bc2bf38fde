/**
 * etcd's v3 API as data, first half: keys, watches, leases. Field numbers are facts of etcd's public API.
 *
 * Written as an object and not as a .proto file, because a bundled Lambda has no files beside it. Names are in camel
 * case: only the numbers travel. Reads as `<type> <number>`; `oneof` groups are listed by name.
 */
import type { EnumSpec, MessageSpec, ServiceSpec } from './descriptor.ts';

export const MVCC: Readonly<Record<string, MessageSpec>> = {
  KeyValue: {
    fields: {
      key: 'bytes 1',
      createRevision: 'int64 2',
      modRevision: 'int64 3',
      version: 'int64 4',
      value: 'bytes 5',
      lease: 'int64 6',
    },
  },
  Event: { fields: { type: 'EventType 1', kv: 'KeyValue 2', prevKv: 'KeyValue 3' } },
};

export const MVCC_ENUMS: Readonly<Record<string, EnumSpec>> = { EventType: { PUT: 0, DELETE: 1 } };

const KEY_VALUE = 'mvccpb.KeyValue';

export const KV_MESSAGES: Readonly<Record<string, MessageSpec>> = {
  ResponseHeader: {
    fields: { clusterId: 'uint64 1', memberId: 'uint64 2', revision: 'int64 3', raftTerm: 'uint64 4' },
  },
  RangeRequest: {
    fields: {
      key: 'bytes 1',
      rangeEnd: 'bytes 2',
      limit: 'int64 3',
      revision: 'int64 4',
      sortOrder: 'SortOrder 5',
      sortTarget: 'SortTarget 6',
      serializable: 'bool 7',
      keysOnly: 'bool 8',
      countOnly: 'bool 9',
      minModRevision: 'int64 10',
      maxModRevision: 'int64 11',
      minCreateRevision: 'int64 12',
      maxCreateRevision: 'int64 13',
    },
  },
  RangeResponse: {
    fields: { header: 'ResponseHeader 1', kvs: `repeated ${KEY_VALUE} 2`, more: 'bool 3', count: 'int64 4' },
  },
  PutRequest: {
    fields: {
      key: 'bytes 1',
      value: 'bytes 2',
      lease: 'int64 3',
      prevKv: 'bool 4',
      ignoreValue: 'bool 5',
      ignoreLease: 'bool 6',
    },
  },
  PutResponse: { fields: { header: 'ResponseHeader 1', prevKv: `${KEY_VALUE} 2` } },
  DeleteRangeRequest: { fields: { key: 'bytes 1', rangeEnd: 'bytes 2', prevKv: 'bool 3' } },
  DeleteRangeResponse: {
    fields: { header: 'ResponseHeader 1', deleted: 'int64 2', prevKvs: `repeated ${KEY_VALUE} 3` },
  },
  RequestOp: {
    fields: {
      requestRange: 'RangeRequest 1',
      requestPut: 'PutRequest 2',
      requestDeleteRange: 'DeleteRangeRequest 3',
      requestTxn: 'TxnRequest 4',
    },
    oneofs: { request: ['requestRange', 'requestPut', 'requestDeleteRange', 'requestTxn'] },
  },
  ResponseOp: {
    fields: {
      responseRange: 'RangeResponse 1',
      responsePut: 'PutResponse 2',
      responseDeleteRange: 'DeleteRangeResponse 3',
      responseTxn: 'TxnResponse 4',
    },
    oneofs: { response: ['responseRange', 'responsePut', 'responseDeleteRange', 'responseTxn'] },
  },
  Compare: {
    fields: {
      result: 'CompareResult 1',
      target: 'CompareTarget 2',
      key: 'bytes 3',
      version: 'int64 4',
      createRevision: 'int64 5',
      modRevision: 'int64 6',
      value: 'bytes 7',
      lease: 'int64 8',
      rangeEnd: 'bytes 64',
    },
    oneofs: { targetUnion: ['version', 'createRevision', 'modRevision', 'value', 'lease'] },
  },
  TxnRequest: {
    fields: { compare: 'repeated Compare 1', success: 'repeated RequestOp 2', failure: 'repeated RequestOp 3' },
  },
  TxnResponse: { fields: { header: 'ResponseHeader 1', succeeded: 'bool 2', responses: 'repeated ResponseOp 3' } },
  CompactionRequest: { fields: { revision: 'int64 1', physical: 'bool 2' } },
  CompactionResponse: { fields: { header: 'ResponseHeader 1' } },

  WatchRequest: {
    fields: {
      createRequest: 'WatchCreateRequest 1',
      cancelRequest: 'WatchCancelRequest 2',
      progressRequest: 'WatchProgressRequest 3',
    },
    oneofs: { requestUnion: ['createRequest', 'cancelRequest', 'progressRequest'] },
  },
  WatchCreateRequest: {
    fields: {
      key: 'bytes 1',
      rangeEnd: 'bytes 2',
      startRevision: 'int64 3',
      progressNotify: 'bool 4',
      filters: 'repeated FilterType 5',
      prevKv: 'bool 6',
      watchId: 'int64 7',
      fragment: 'bool 8',
    },
  },
  WatchCancelRequest: { fields: { watchId: 'int64 1' } },
  WatchProgressRequest: { fields: {} },
  WatchResponse: {
    fields: {
      header: 'ResponseHeader 1',
      watchId: 'int64 2',
      created: 'bool 3',
      canceled: 'bool 4',
      compactRevision: 'int64 5',
      cancelReason: 'string 6',
      fragment: 'bool 7',
      events: 'repeated mvccpb.Event 11',
    },
  },

  LeaseGrantRequest: { fields: { TTL: 'int64 1', ID: 'int64 2' } },
  LeaseGrantResponse: { fields: { header: 'ResponseHeader 1', ID: 'int64 2', TTL: 'int64 3', error: 'string 4' } },
  LeaseRevokeRequest: { fields: { ID: 'int64 1' } },
  LeaseRevokeResponse: { fields: { header: 'ResponseHeader 1' } },
  LeaseKeepAliveRequest: { fields: { ID: 'int64 1' } },
  LeaseKeepAliveResponse: { fields: { header: 'ResponseHeader 1', ID: 'int64 2', TTL: 'int64 3' } },
  LeaseTimeToLiveRequest: { fields: { ID: 'int64 1', keys: 'bool 2' } },
  LeaseTimeToLiveResponse: {
    fields: {
      header: 'ResponseHeader 1',
      ID: 'int64 2',
      TTL: 'int64 3',
      grantedTTL: 'int64 4',
      keys: 'repeated bytes 5',
    },
  },
  LeaseLeasesRequest: { fields: {} },
  LeaseStatus: { fields: { ID: 'int64 1' } },
  LeaseLeasesResponse: { fields: { header: 'ResponseHeader 1', leases: 'repeated LeaseStatus 2' } },
};

export const KV_ENUMS: Readonly<Record<string, EnumSpec>> = {
  SortOrder: { NONE: 0, ASCEND: 1, DESCEND: 2 },
  SortTarget: { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 },
  CompareResult: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 },
  CompareTarget: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 },
  FilterType: { NOPUT: 0, NODELETE: 1 },
};

export const KV_SERVICES = {
  KV: {
    Range: { request: 'RangeRequest', response: 'RangeResponse' },
    Put: { request: 'PutRequest', response: 'PutResponse' },
    DeleteRange: { request: 'DeleteRangeRequest', response: 'DeleteRangeResponse' },
    Txn: { request: 'TxnRequest', response: 'TxnResponse' },
    Compact: { request: 'CompactionRequest', response: 'CompactionResponse' },
  },
  Watch: {
    Watch: { request: 'WatchRequest', response: 'WatchResponse', stream: 'both' },
  },
  Lease: {
    LeaseGrant: { request: 'LeaseGrantRequest', response: 'LeaseGrantResponse' },
    LeaseRevoke: { request: 'LeaseRevokeRequest', response: 'LeaseRevokeResponse' },
    LeaseKeepAlive: { request: 'LeaseKeepAliveRequest', response: 'LeaseKeepAliveResponse', stream: 'both' },
    LeaseTimeToLive: { request: 'LeaseTimeToLiveRequest', response: 'LeaseTimeToLiveResponse' },
    LeaseLeases: { request: 'LeaseLeasesRequest', response: 'LeaseLeasesResponse' },
  },
} as const satisfies Readonly<Record<string, ServiceSpec>>;
