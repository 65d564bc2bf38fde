/**
 * Single source of truth for what counts as activity (docs/decisions/0012-what-counts-as-activity.md has the measurements
 * behind it). A name that is not here counts: a function of Milvus that nobody has looked at yet may be work, and a
 * cluster that stays awake costs money where one that falls asleep costs an answer.
 */
import type { RoleName } from '../releases/profiles.ts';

export interface Verdict {
  readonly counts: boolean;
  readonly why: string;
}

const POLL: Verdict = { counts: false, why: 'asks how things are; consoles, SDKs and monitoring do it for ever' };
const LISTING: Verdict = {
  counts: false,
  why: 'reads the catalog; clients do it when they connect and to keep a view',
};
const DATA: Verdict = { counts: true, why: 'reads or writes rows' };
const WORK: Verdict = { counts: true, why: 'makes Milvus work' };
const CATALOG: Verdict = { counts: true, why: 'changes the catalog' };
const INTERNAL: Verdict = { counts: false, why: 'the coordinators ask it of each other while nobody asks anything' };
const AT_PROXY: Verdict = { counts: false, why: 'the proxy counts the request already' };

/**
 * `function_name` of milvus_proxy_req_count. The REST API and the SDKs are seen by the functions that they call. Never in
 * there: Connect, GetVersion, CheckHealth, gRPC and HTTP health checks, GetMetrics, GetComponentStates, GetFlushState,
 * GetFlushAllState, GetReplicas, GetCompactionState, ManualCompaction, AllocTimestamp, LoadBalance, users and roles,
 * RenameCollection. The last three change the catalog and are seen at the root coordinator, compaction by itself.
 */
const PROXY_FUNCTIONS: Readonly<Record<string, Verdict>> = {
  Search: DATA,
  HybridSearch: DATA,
  Query: DATA,
  Insert: DATA,
  Upsert: DATA,
  Delete: DATA,

  Flush: WORK,
  FlushAll: WORK,
  Import: WORK,
  LoadCollection: WORK,
  LoadPartitions: WORK,
  ReleaseCollection: WORK,
  ReleasePartitions: WORK,
  TransferNode: WORK,
  TransferReplica: WORK,

  CreateCollection: CATALOG,
  DropCollection: CATALOG,
  AlterCollection: CATALOG,
  CreatePartition: CATALOG,
  DropPartition: CATALOG,
  CreateAlias: CATALOG,
  DropAlias: CATALOG,
  AlterAlias: CATALOG,
  CreateIndex: CATALOG,
  DropIndex: CATALOG,
  AlterIndex: CATALOG,
  CreateDatabase: CATALOG,
  DropDatabase: CATALOG,
  CreateResourceGroup: CATALOG,
  DropResourceGroup: CATALOG,

  GetLoadingProgress: POLL,
  GetLoadState: POLL,
  GetIndexState: POLL,
  GetIndexBuildProgress: POLL,
  GetIndexStatistics: POLL,
  GetImportState: POLL,
  ListImportTasks: { ...POLL, why: 'asks how imports are; the last look at activity does it as well' },
  GetCollectionStatistics: POLL,
  GetPartitionStatistics: POLL,
  GetPersistentSegmentInfo: POLL,
  GetQuerySegmentInfo: POLL,

  HasCollection: LISTING,
  DescribeCollection: { ...LISTING, why: 'what the SDKs send for hasCollection, and before they insert or search' },
  ShowCollections: LISTING,
  HasPartition: LISTING,
  ShowPartitions: LISTING,
  DescribeIndex: LISTING,
  DescribeAlias: LISTING,
  ListAliases: LISTING,
  ListDatabases: LISTING,
  ListResourceGroups: LISTING,
  DescribeResourceGroup: LISTING,
};

/** `function_name` of milvus_rootcoord_ddl_req_count: what changes the catalog and is not counted by the proxy. */
const ROOTCOORD_FUNCTIONS: Readonly<Record<string, Verdict>> = {
  RenameCollection: CATALOG,
  CreateCredential: CATALOG,
  UpdateCredential: CATALOG,
  DeleteCredential: CATALOG,
  CreateRole: CATALOG,
  DropRole: CATALOG,
  'OperateUserRole-AddUserToRole': CATALOG,
  'OperateUserRole-RemoveUserFromRole': CATALOG,
  OperatePrivilege: CATALOG,

  DescribeCollection: { ...INTERNAL, why: 'twelve times a minute from the other coordinators, without any client' },
  ShowPartitions: INTERNAL,
  AllocTimestamp: INTERNAL,
  AllocID: INTERNAL,
  UpdateChannelTimeTick: INTERNAL,
  ShowSegments: INTERNAL,
  InvalidateCollectionMetaCache: INTERNAL,
  ReportImport: INTERNAL,
  GetMetrics: INTERNAL,
  GetCredential: INTERNAL,
  PolicyList: { counts: false, why: 'a proxy that starts reads who may do what' },
  ListDatabases: { counts: false, why: 'every Connect of a client asks it' },
  ListCredUsers: POLL,
  SelectRole: POLL,
  SelectUser: POLL,
  SelectGrant: POLL,

  HasCollection: AT_PROXY,
  ShowCollections: AT_PROXY,
  HasPartition: AT_PROXY,
  DescribeAlias: AT_PROXY,
  ListAliases: AT_PROXY,
  CreateCollection: AT_PROXY,
  DropCollection: AT_PROXY,
  AlterCollection: AT_PROXY,
  CreatePartition: AT_PROXY,
  DropPartition: AT_PROXY,
  CreateAlias: AT_PROXY,
  DropAlias: AT_PROXY,
  AlterAlias: AT_PROXY,
  CreateDatabase: AT_PROXY,
  DropDatabase: AT_PROXY,
  Import: AT_PROXY,
  GetImportState: AT_PROXY,
  ListImportTasks: AT_PROXY,
};

export interface ActivitySource {
  readonly role: RoleName;
  readonly metric: string;
  readonly functions: Readonly<Record<string, Verdict>>;
}

/** Where requests are counted: every task of these roles is asked. */
export const ACTIVITY_SOURCES: readonly ActivitySource[] = [
  { role: 'proxy', metric: 'milvus_proxy_req_count', functions: PROXY_FUNCTIONS },
  { role: 'rootcoord', metric: 'milvus_rootcoord_ddl_req_count', functions: ROOTCOORD_FUNCTIONS },
];

export function countsAsActivity(source: ActivitySource, functionName: string): boolean {
  return !Object.hasOwn(source.functions, functionName) || source.functions[functionName]?.counts !== false;
}
