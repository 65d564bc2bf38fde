/**
 * Two calls of Milvus' gRPC API that its SDKs do not have, or only behind a connection of their own: what imports there are,
 * and what a data node compacts. Messages as data, with only the fields that are read.
 *
 * GetCompactionState of a data node is internal to Milvus (its data coordinator asks it every few seconds): no metric of
 * 2.3 says that a compaction runs, only that one has ended, and the public GetCompactionState wants an id that is known to
 * whoever asked for the compaction. Where a release has no such call, work cannot be seen, and the cluster stays awake.
 */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';

const { nested } = protobuf.Root.fromJSON({
  nested: {
    Status: { fields: { errorCode: { type: 'int32', id: 1 }, reason: { type: 'string', id: 2 } } },
    ImportState: {
      values: {
        ImportPending: 0,
        ImportFailed: 1,
        ImportStarted: 2,
        ImportPersisted: 5,
        ImportCompleted: 6,
        ImportFailedAndCleaned: 7,
        ImportFlushed: 8,
      },
    },
    ImportTask: { fields: { state: { type: 'ImportState', id: 2 } } },
    ListImportTasksResponse: {
      fields: { status: { type: 'Status', id: 1 }, tasks: { rule: 'repeated', type: 'ImportTask', id: 2 } },
    },
    CompactionResult: { fields: { planID: { type: 'int64', id: 1 }, state: { type: 'int32', id: 2 } } },
    CompactionStateResponse: {
      fields: { status: { type: 'Status', id: 1 }, results: { rule: 'repeated', type: 'CompactionResult', id: 2 } },
    },
  },
});

interface Answer {
  readonly status: { readonly errorCode: number; readonly reason: string } | null;
}

interface Call<Result> {
  readonly path: string;
  readonly response: string;
  readonly read: (answer: object) => Result;
}

/** Of any other state an import is under way, or waits for its turn. */
const ENDED_IMPORTS: ReadonlySet<string> = new Set(['ImportFailed', 'ImportCompleted', 'ImportFailedAndCleaned']);

/** At a proxy, without a collection: the imports of all collections. */
export const RUNNING_IMPORTS: Call<number> = {
  path: '/milvus.proto.milvus.MilvusService/ListImportTasks',
  response: 'ListImportTasksResponse',
  read: (answer) =>
    (answer as { tasks: { state: string }[] }).tasks.filter(({ state }) => !ENDED_IMPORTS.has(state)).length,
};

/** At a data node: a plan is named from its beginning until the data coordinator has taken over what it made. */
export const RUNNING_COMPACTIONS: Call<number> = {
  path: '/milvus.proto.data.DataNode/GetCompactionState',
  response: 'CompactionStateResponse',
  read: (answer) => (answer as { results: unknown[] }).results.length,
};

const OPTIONS = { 'grpc.enable_http_proxy': 0, 'grpc.service_config_disable_resolution': 1, 'grpc.enable_retries': 0 };

/** One call with an empty request over a connection of its own. Throws what gRPC, or Milvus in its status, says. */
export async function callMilvus<Result>(
  endpoint: string,
  { path, response, read }: Call<Result>,
  timeoutMs: number,
): Promise<Result> {
  const client = new Client(endpoint, credentials.createInsecure(), OPTIONS);
  try {
    const answer = await new Promise<object>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        () => Buffer.alloc(0),
        (bytes) => decode(response, bytes),
        {},
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, value?: object) => {
          if (error !== null) reject(error);
          else resolve(value ?? {});
        },
      );
    });
    const { status } = answer as Answer;
    if (status !== null && status.errorCode !== 0) throw new Error(status.reason || `error ${status.errorCode}`);
    return read(answer);
  } finally {
    client.close();
  }
}

/** Exported for its test. Absent fields have their defaults, a state that is not known here is its number. */
export function decode(message: string, bytes: Uint8Array): object {
  const type = nested?.[message];
  if (!(type instanceof protobuf.Type)) throw new Error(`There is no message ${message}.`);
  return type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true });
}
