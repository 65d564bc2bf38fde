/**
 * One gRPC connection a member, and the rule which member is asked. A read that one member cannot answer goes to the next;
 * a write is never sent twice, because it may have been applied although nobody said so: the caller has to look first.
 */
import { Client, credentials, Metadata, type ChannelCredentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { methodDefinition, type ServiceName } from './descriptor.ts';
import { EtcdError, etcdError, isElsewhere } from './errors.ts';

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Plain text without. */
  readonly credentials?: ChannelCredentials;
}

export interface CallOptions {
  /** Instead of the connection's own; for what takes long (large pages, defragmentation). */
  readonly timeoutMs?: number;
  /** Refused at once by a member without a leader, instead of after etcd's own seven seconds. */
  readonly needsLeader?: boolean;
  /** Asks the next member when this one cannot answer. Only for what changes nothing. */
  readonly elsewhere?: boolean;
}

/** A method with codecs of one's own, where the general ones are too slow. */
export interface RawMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface Channels {
  readonly call: (service: ServiceName, method: string, request: object, options?: CallOptions) => Promise<object>;
  readonly callRaw: <Request, Response>(
    method: RawMethod<Request, Response>,
    request: Request,
    options?: CallOptions,
  ) => Promise<Response>;
  readonly open: (service: ServiceName, method: string) => ClientDuplexStream<object, object> & { endpoint: string };
  readonly close: () => void;
}

export const MOST_ANSWER_BYTES = 32 * 1024 * 1024;

const OPTIONS = {
  // A page of an archive is as large as its keys and values are, and only their number can be asked for: what is larger than this
  // is refused by its head, before it is in memory, and asked for in smaller pages (common/archive/scan.ts).
  'grpc.max_receive_message_length': MOST_ANSWER_BYTES,
  'grpc.max_send_message_length': -1,
  // Members are reached inside the VPC only.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  // A member that starts is asked as soon as it listens; the default waits up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 200,
  // A task that is gone without a word; etcd refuses more than one ping in five seconds.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // The default of 64 KiB stops a page of a megabyte sixteen times for a round trip.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
};

function metadataFor(options: CallOptions): Metadata {
  const metadata = new Metadata();
  if (options.needsLeader === true) metadata.set('hasleader', 'true');
  return metadata;
}

/**
 * The deadline travels with the request, and a member that notices it first resets the stream: gRPC calls that cancelled.
 * Nobody else cancels a single call.
 */
function callError(error: unknown, doing: string): EtcdError {
  const known = etcdError(error, doing);
  return known.kind === 'cancelled' ? new EtcdError('deadline', known.message, { cause: error }) : known;
}

export function openChannels(endpoints: readonly string[], connect: ConnectOptions): Channels {
  if (endpoints.length === 0) throw new EtcdError('unavailable', 'No etcd endpoint was given.');
  const members = endpoints.map((endpoint) => ({
    endpoint,
    client: new Client(endpoint, connect.credentials ?? credentials.createInsecure(), OPTIONS),
  }));
  let current = 0;
  const member = () => {
    const chosen = members[current];
    if (chosen === undefined) throw new EtcdError('unavailable', 'No etcd endpoint was given.');
    return chosen;
  };

  function once<Request, Response>(method: RawMethod<Request, Response>, request: Request, options: CallOptions) {
    const { client, endpoint } = member();
    return new Promise<Response>((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataFor(options),
        { deadline: Date.now() + (options.timeoutMs ?? connect.timeoutMs) },
        (error, response) => {
          if (error !== null) reject(callError(error, `${method.path.slice(1)} at ${endpoint}`));
          else if (response === undefined) reject(new EtcdError('other', `${method.path} at ${endpoint}: no answer`));
          else resolve(response);
        },
      );
    });
  }

  async function callRaw<Request, Response>(
    method: RawMethod<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    for (let left = options.elsewhere === true ? members.length : 1; ; left -= 1) {
      const asked = current;
      try {
        return await once(method, request, options);
      } catch (error) {
        if (!isElsewhere(error)) throw error;
        // Calls that fail together move on together.
        if (current === asked) current = (asked + 1) % members.length;
        if (left <= 1) throw error;
      }
    }
  }

  return {
    callRaw,
    call: (service, method, request, options) => callRaw(methodDefinition(service, method), request, options),
    open: (service, method) => {
      const { client, endpoint } = member();
      const { path, requestSerialize, responseDeserialize } = methodDefinition(service, method);
      const stream = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadataFor({ needsLeader: true }),
      );
      return Object.assign(stream, { endpoint });
    },
    close: () => {
      for (const { client } of members) client.close();
    },
  };
}
