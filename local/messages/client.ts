/** Speaks Kafka to the local broker as its administrator: over TLS with a SCRAM handshake, like every other client. */
import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Connection, alterUserScramCredentialsV0, metadataV12 } from '@platformatic/kafka';
import { BROKER_PORT, MECHANISM } from './broker.ts';

export interface User {
  readonly username: string;
  readonly password: string;
}

export interface BrokerAccess extends User {
  readonly address: string;
  /** PEM. */
  readonly ca: string;
}

/** Kafka's number for SCRAM-SHA-512 (KIP-554), and the smallest count of iterations it accepts. */
const SCRAM_SHA_512 = 2;
const ITERATIONS = 4096;
const DIGEST_BYTES = 64;

async function withConnection<T>(access: BrokerAccess, action: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = new Connection('redkite-local', {
    connectTimeout: 2_000,
    tls: { ca: access.ca },
    sasl: { mechanism: MECHANISM, username: access.username, password: access.password },
  });
  // Failures reach the caller through the promises; an `error` event without a listener would end the process.
  connection.on('error', () => undefined);
  try {
    await connection.connect(access.address, BROKER_PORT);
    return await action(connection);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Handshake and metadata; the number of brokers that can be used. */
export const countBrokers = (access: BrokerAccess): Promise<number> =>
  withConnection(
    access,
    async (connection) => (await metadataV12.api.async(connection, [], false, false)).brokers.length,
  );

const derive = promisify(pbkdf2);

export function upsertUsers(access: BrokerAccess, users: readonly User[]): Promise<void> {
  return withConnection(access, async (connection) => {
    const upsertions = await Promise.all(
      users.map(async ({ username, password }) => {
        const salt = randomBytes(24);
        const saltedPassword = await derive(password.normalize('NFKC'), salt, ITERATIONS, DIGEST_BYTES, 'sha512');
        return { name: username, mechanism: SCRAM_SHA_512, iterations: ITERATIONS, salt, saltedPassword };
      }),
    );
    await alterUserScramCredentialsV0.api.async(connection, [], upsertions);
  });
}
