/**
 * Names outside our zones: asked of the machine's own resolver when /etc/resolv.conf names one, refused otherwise.
 *
 * Refused and not dropped: a resolver inside a container tries the next server, or fails, at once; silence costs it 5 s a
 * try. Containers have no way out of their network, but Kafka's and Milvus' start-up looks names up that may exist.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

export interface Resolver {
  readonly address: string;
  readonly port: number;
}

/** Below the 5 s after which resolvers try again, so that the client hears of a failure instead of guessing it. */
const TIMEOUT_MS = 3_000;
const DNS_PORT = 53;

export function machineResolver(ownAddress: string, file = '/etc/resolv.conf'): Resolver | undefined {
  try {
    return resolverIn(readFileSync(file, 'utf8'), ownAddress);
  } catch {
    return undefined;
  }
}

/** The first usable nameserver; asking ourselves would never end. */
export function resolverIn(configuration: string, ownAddress: string): Resolver | undefined {
  const addresses = configuration
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address) !== 0 && address !== ownAddress);
  return addresses[0] === undefined ? undefined : { address: addresses[0], port: DNS_PORT };
}

/** One query, one datagram; rejects when nothing came back in time. A truncated answer is passed on as it is. */
export function askResolver(resolver: Resolver, query: Buffer, timeoutMs = TIMEOUT_MS): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(resolver.address) === 6 ? 'udp6' : 'udp4');
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // A late ICMP error must not end the process.
      socket.on('error', () => undefined);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => {
      finish(() => {
        reject(new Error(`${resolver.address} did not answer within ${timeoutMs} ms`));
      });
    }, timeoutMs);
    socket.on('error', (error) => {
      finish(() => {
        reject(error);
      });
    });
    socket.on('message', (answer) => {
      if (answer.length < 12 || answer.readUInt16BE(0) !== query.readUInt16BE(0)) return;
      finish(() => {
        resolve(answer);
      });
    });
    // Connected, so that only this resolver's datagrams are taken, and an unreachable one fails at once.
    socket.connect(resolver.port, resolver.address, () => {
      socket.send(query);
    });
  });
}
