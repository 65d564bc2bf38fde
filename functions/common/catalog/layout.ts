/**
 * Where Milvus 2.3 keeps what in its catalog (`<root>/meta/...`; the root is the cluster's name, see ETCD_ROOTPATH) and in
 * the bucket (below MINIO_ROOTPATH). Single source of truth for both layouts, seen in a running 2.3.5.
 */
export const LOG_KINDS = ['binlog', 'deltalog', 'statslog'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

const meta = (cluster: string) => `${cluster}/meta/`;
export const segmentsPrefix = (cluster: string) => `${meta(cluster)}datacoord-meta/s/`;
/** Then `<collection>/<partition>/<segment>/<field>`. */
export const logsPrefix = (cluster: string, kind: LogKind) => `${meta(cluster)}datacoord-meta/${kind}/`;
/** Then `<collection>/<partition>/<segment>/<build>`. */
export const indexesPrefix = (cluster: string) => `${meta(cluster)}segment-index/`;
/** Then the name of a virtual channel. */
export const positionsPrefix = (cluster: string) => `${meta(cluster)}datacoord-meta/channel-cp/`;

const LOG_FOLDERS: Readonly<Record<LogKind, string>> = {
  binlog: 'insert_log/',
  deltalog: 'delta_log/',
  statslog: 'stats_log/',
};
export const logFolder = (kind: LogKind) => LOG_FOLDERS[kind];
export const buildFolder = (buildId: string) => `index_files/${buildId}/`;

export interface Place {
  readonly collection: string;
  readonly partition: string;
  readonly segment: string;
  /** Field or build. */
  readonly last: string;
}

/** Undefined for a key that does not have this form. */
export function parsePlace(key: string, prefix: string): Place | undefined {
  const [collection, partition, segment, last, ...rest] = key.slice(prefix.length).split('/');
  if (!collection || !partition || !segment || !last || rest.length > 0) return undefined;
  return { collection, partition, segment, last };
}

/** Below MINIO_ROOTPATH. A delete log belongs to all fields, so its path names none. */
export function logPath(kind: LogKind, { collection, partition, segment, last }: Place, logId: string): string {
  const fields = kind === 'deltalog' ? '' : `${last}/`;
  return `${logFolder(kind)}${collection}/${partition}/${segment}/${fields}${logId}`;
}

/** The prefix in the bucket of everything that Milvus writes for a cluster; MINIO_ROOTPATH is the same without the slash. */
export const objectsRoot = (cluster: string) => `clusters/${cluster}`;
