/**
 * The local broker's configuration, as strict as MSK's: TLS and SCRAM-SHA-512 on the one address that the network can
 * reach. What has no authentication listens on the container's own loopback, where nobody else can be.
 */
import type { LocalSettings } from '../settings.ts';

/** MSK's port for SASL/SCRAM inside the VPC. */
export const BROKER_PORT = 9096;
export const MECHANISM = 'SCRAM-SHA-512';
export const ADMIN = 'redkite-admin';

export const bootstrapServers = (settings: LocalSettings) => `${settings.network.kafka}:${BROKER_PORT}`;

/** What Milvus needs of Kafka; the same values as in the MSK configuration of the deployment. */
export const MILVUS_NEEDS = {
  // Milvus sends up to 10 MB at once; with Kafka's 1 MB its first real insert fails.
  'message.max.bytes': 10_485_880,
  'replica.fetch.max.bytes': 20_971_760,
  'auto.create.topics.enable': true,
} as const;

export function serverProperties(settings: LocalSettings): string {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': '1@127.0.0.1:9093',
    'listener.security.protocol.map': 'CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    listeners: `CLIENTS://${bootstrapServers(settings)},INTERNAL://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093`,
    'advertised.listeners': `CLIENTS://${bootstrapServers(settings)},INTERNAL://127.0.0.1:9092`,
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'sasl.enabled.mechanisms': MECHANISM,
    'listener.name.clients.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.clients.ssl.keystore.type': 'PEM',
    'listener.name.clients.ssl.keystore.location': '/etc/kafka/keystore.pem',
    'log.dirs': '/var/lib/kafka',
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    // 50 otherwise, each with its files and threads' work: one consumer group at a time needs one.
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    ...MILVUS_NEEDS,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
}
