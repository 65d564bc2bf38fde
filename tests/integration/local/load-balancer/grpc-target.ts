/** A real gRPC server with each kind of call, without generated code: messages are bytes. */
import grpc from '@grpc/grpc-js';
import { signal } from './fixture.ts';

export const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
});
const definition = {
  Unary: method('/test.Echo/Unary', false, false),
  Down: method('/test.Echo/Down', false, true),
  Up: method('/test.Echo/Up', true, false),
  Both: method('/test.Echo/Both', true, true),
};
const health = { Check: method('/grpc.health.v1.Health/Check', false, false) };
export const MESSAGE_LIMIT = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** What the target noticed of the last call. */
export interface Seen {
  metadata?: grpc.Metadata;
  deadline?: grpc.Deadline;
  readonly cancelled: ReturnType<typeof signal>;
}

const { status } = grpc;
const trailers = () => {
  const metadata = new grpc.Metadata();
  metadata.set('x-trailer', 'there');
  metadata.set('x-trailer-bin', Buffer.from([0, 255]));
  return metadata;
};

const handlersFor = (seen: Seen) => ({
  Unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
    seen.metadata = call.metadata;
    seen.deadline = call.getDeadline();
    call.on('cancelled', () => {
      seen.cancelled.tell();
    });
    const text = call.request.subarray(0, 8).toString();
    if (text === 'hang') return;
    if (text === 'fail') {
      callback({ code: status.FAILED_PRECONDITION, details: 'not loaded', metadata: trailers() });
      return;
    }
    const first = new grpc.Metadata();
    first.set('x-first', 'header');
    call.sendMetadata(first);
    callback(null, call.request, trailers());
  },
  Down: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
    for (let index = 0; index < 100; index += 1) call.write(Buffer.from(`${call.request.toString()} ${index}`));
    call.end(trailers());
  },
  Up: (call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
    let count = 0;
    call.on('data', () => (count += 1));
    call.on('end', () => {
      callback(null, Buffer.from(String(count)));
    });
  },
  Both: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => call.write(message));
    call.on('end', () => {
      call.end();
    });
    call.on('cancelled', () => {
      seen.cancelled.tell();
    });
  },
});

export interface GrpcTarget {
  readonly port: number;
  readonly seen: Seen;
  /** Cuts every connection, as a killed container does. */
  kill(): void;
}

export async function grpcTarget(onPort = 0): Promise<GrpcTarget> {
  const seen: Seen = { cancelled: signal() };
  const server = new grpc.Server(MESSAGE_LIMIT);
  server.addService(definition, handlersFor(seen));
  server.addService(health, {
    Check: (_call: unknown, callback: grpc.sendUnaryData<Buffer>) => {
      callback(null, Buffer.alloc(0));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${onPort}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    seen,
    kill() {
      server.forceShutdown();
    },
  };
}
