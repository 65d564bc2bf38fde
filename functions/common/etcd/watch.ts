/** A watch as an async iterable: it ends when the reader stops reading or gives up by its signal, and throws what etcd says. */
import type { Channels } from './channels.ts';
import { bytes, header, keyValue, type WireAnswer, type WireKeyValue } from './convert.ts';
import { EtcdError, etcdError } from './errors.ts';
import type { WatchBatch, WatchOptions } from './messages.ts';

interface WireBatch extends WireAnswer {
  readonly canceled: boolean;
  readonly compactRevision: string;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly type: 'PUT' | 'DELETE'; readonly kv: WireKeyValue }[];
}

export async function* watch(channels: Channels, options: WatchOptions): AsyncGenerator<WatchBatch, void, void> {
  const stream = channels.open('Watch', 'Watch');
  const doing = `Watch at ${stream.endpoint}`;
  const stop = () => {
    stream.cancel();
  };
  // Cancelling makes the stream fail once more, after its reader has gone.
  stream.on('error', () => undefined);
  try {
    if (options.signal?.aborted === true) throw new EtcdError('cancelled', `${doing}: stopped before it began`);
    options.signal?.addEventListener('abort', stop, { once: true });
    stream.write({
      createRequest: {
        key: bytes(options.key),
        ...(options.rangeEnd === undefined ? {} : { rangeEnd: bytes(options.rangeEnd) }),
        ...(options.startRevision === undefined ? {} : { startRevision: options.startRevision }),
        // Else one answer holds up to a thousand revisions, whatever their size.
        fragment: true,
      },
    });
    for await (const message of stream as AsyncIterable<WireBatch>) {
      if (message.canceled) {
        const compactRevision = Number(message.compactRevision);
        if (compactRevision > 0) {
          throw new EtcdError('compacted', `${doing}: compacted up to revision ${compactRevision}`, {
            compactRevision,
          });
        }
        throw new EtcdError('other', `${doing}: ${message.cancelReason || 'cancelled by etcd'}`);
      }
      if (message.events.length === 0) continue;
      yield {
        events: message.events.map(({ type, kv }) => ({ type: type === 'PUT' ? 'put' : 'delete', kv: keyValue(kv) })),
        partial: message.fragment,
        revision: header(message).revision,
      };
    }
    throw new EtcdError('unavailable', `${doing}: the member ended the watch`);
  } catch (error) {
    throw etcdError(error, doing);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}
