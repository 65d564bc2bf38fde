/**
 * Runs inside the VPC: can the brokers be reached, and do they prove who they are? Milvus' own health says nothing about
 * Kafka (with Kafka away every role says OK, and the first create of a collection hangs), so it is asked here first.
 * The credentials are proven later, when `verify-cluster` makes Milvus write.
 */
import { connect } from 'node:tls';
import { RedkiteError } from '../common/lambda/errors.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export function parseBroker(broker: string): BrokerAddress {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) };
}

/** A TLS handshake with a certificate that is trusted and made for this host. */
export function handshake({ host, port }: BrokerAddress, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy(new Error(`no answer within ${timeoutMs} ms`));
    });
    socket.once('error', reject);
  });
}

export async function checkMessaging(brokers: readonly string[], timeoutMs: number): Promise<{ readonly ready: true }> {
  const results = await Promise.allSettled(brokers.map((broker) => handshake(parseBroker(broker), timeoutMs)));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [`${brokers[index]}: ${(result.reason as Error).message}`] : [],
  );
  if (failures.length > 0) {
    throw new RedkiteError('MessagingUnreachable', `Kafka brokers cannot be reached: ${failures.join('; ')}.`);
  }
  return { ready: true };
}
