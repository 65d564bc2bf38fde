/**
 * Runs inside the VPC: can the brokers be reached, and do they prove who they are? Milvus' own health says nothing about
 * Kafka (with Kafka away every role says OK, and the first create of a collection hangs), so it is asked here first.
 * The credentials are proven later, when `verify-cluster` makes Milvus write.
 */
import { connect } from 'node:tls';
import { boundedNames, boundedText } from '../common/lambda/bounded.ts';
import { messageOf, RedkiteError } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';

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

/** What one broker answered: undefined when it proved who it is. */
export interface BrokerAnswer {
  readonly broker: string;
  readonly failure: string | undefined;
}

export interface Messaging {
  readonly ready: true;
  /** Brokers that do not answer now, and why. */
  readonly away: readonly string[];
}

/**
 * Most of them have to be there: topics have three replicas and ask for two in sync (resources/messages.yml), and MSK restarts
 * its brokers one after the other when it patches them. Throws MessagingUnreachable. Pure.
 */
export function judgeBrokers(answers: readonly BrokerAnswer[]): Messaging {
  const away = answers.flatMap(({ broker, failure }) =>
    failure === undefined ? [] : [boundedText(`${broker}: ${failure}`)],
  );
  if (away.length * 2 >= answers.length) {
    throw new RedkiteError('MessagingUnreachable', `Kafka brokers cannot be reached: ${boundedNames(away, '; ')}.`);
  }
  return { ready: true, away };
}

export async function checkMessaging(brokers: readonly string[], timeoutMs: number): Promise<Messaging> {
  const results = await Promise.allSettled(brokers.map((broker) => handshake(parseBroker(broker), timeoutMs)));
  const messaging = judgeBrokers(
    brokers.map((broker, index) => {
      const result = results[index];
      return { broker, failure: result?.status === 'rejected' ? messageOf(result.reason) : undefined };
    }),
  );
  if (messaging.away.length > 0) {
    logger.warn('brokers are away', { event: LOG_EVENTS.brokersAway, brokers: messaging.away });
  }
  return messaging;
}
