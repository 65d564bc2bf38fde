/**
 * Turns etcd's API as data (api-kv.ts, api-cluster.ts) into message codecs and gRPC service definitions, for our client
 * and for whatever else of ours speaks etcd's API.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';
import { CLUSTER_ENUMS, CLUSTER_MESSAGES, CLUSTER_SERVICES } from './api-cluster.ts';
import { KV_ENUMS, KV_MESSAGES, KV_SERVICES, MVCC, MVCC_ENUMS } from './api-kv.ts';

/** `<type> <number>` or `repeated <type> <number>`. */
export type FieldSpec = `${string} ${number}` | `repeated ${string} ${number}`;
export interface MessageSpec {
  readonly fields: Readonly<Record<string, FieldSpec>>;
  readonly oneofs?: Readonly<Record<string, readonly string[]>>;
}
export type EnumSpec = Readonly<Record<string, number>>;
export interface MethodSpec {
  readonly request: string;
  readonly response: string;
  /** Who sends more than one message. */
  readonly stream?: 'both' | 'response';
}
export type ServiceSpec = Readonly<Record<string, MethodSpec>>;

export const API_PACKAGE = 'etcdserverpb';

export const SERVICES = { ...KV_SERVICES, ...CLUSTER_SERVICES };
export type ServiceName = keyof typeof SERVICES;

function messageJson({ fields, oneofs }: MessageSpec): protobuf.IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, spec]) => {
        const words = spec.split(' ');
        const id = Number(words.at(-1));
        const type = words.at(-2) ?? '';
        return [name, words.length === 3 ? { rule: 'repeated', type, id } : { type, id }];
      }),
    ),
    ...(oneofs === undefined
      ? {}
      : { oneofs: Object.fromEntries(Object.entries(oneofs).map(([name, oneof]) => [name, { oneof: [...oneof] }])) }),
  };
}

function packageJson(
  messages: Readonly<Record<string, MessageSpec>>,
  enums: Readonly<Record<string, EnumSpec>>,
): protobuf.INamespace {
  return {
    nested: {
      ...Object.fromEntries(Object.entries(messages).map(([name, spec]) => [name, messageJson(spec)])),
      ...Object.fromEntries(Object.entries(enums).map(([name, values]) => [name, { values: { ...values } }])),
    },
  };
}

const root = protobuf.Root.fromJSON({
  nested: {
    mvccpb: packageJson(MVCC, MVCC_ENUMS),
    [API_PACKAGE]: packageJson({ ...KV_MESSAGES, ...CLUSTER_MESSAGES }, { ...KV_ENUMS, ...CLUSTER_ENUMS }),
  },
});

export interface Codec {
  readonly encode: (message: object) => Buffer;
  /** Absent fields have their defaults; 64-bit numbers are decimal strings, enumerations are their names. */
  readonly decode: (bytes: Uint8Array) => object;
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `name`: `RangeRequest`, or with its package `mvccpb.KeyValue`. */
export function codec(name: string): Codec {
  const type = root.lookupType(name.includes('.') ? name : `${API_PACKAGE}.${name}`);
  return {
    encode: (message) => asBuffer(type.encode(type.fromObject(message)).finish()),
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { longs: String, enums: String, bytes: Buffer, defaults: true, oneofs: true }),
  };
}

export function methodPath(service: string, method: string): string {
  return `/${API_PACKAGE}.${service}/${method}`;
}

const codecs = new Map<string, Codec>();
function cachedCodec(name: string): Codec {
  const known = codecs.get(name);
  if (known !== undefined) return known;
  const made = codec(name);
  codecs.set(name, made);
  return made;
}

export function methodDefinition(service: ServiceName, method: string): MethodDefinition<object, object> {
  const methods: ServiceSpec = SERVICES[service];
  const spec = methods[method];
  if (spec === undefined) throw new Error(`etcd's service ${service} has no method ${method}.`);
  const request = cachedCodec(spec.request);
  const response = cachedCodec(spec.response);
  return {
    path: methodPath(service, method),
    requestStream: spec.stream === 'both',
    responseStream: spec.stream !== undefined,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}

export function serviceDefinition(service: ServiceName): ServiceDefinition {
  return Object.fromEntries(
    Object.keys(SERVICES[service]).map((method) => [method, methodDefinition(service, method)]),
  );
}
