/** Milvus' log as a test sees it: the topics of a cluster in Kafka, where each begins and ends. */
import { Admin } from '@platformatic/kafka';
import { BROKER_PORT, MECHANISM } from '../../local/messages/broker.ts';
import { awaitMessages, brokerAccess, restartMessages } from '../../local/messages/messages.ts';
import type { LocalSettings } from '../../local/settings.ts';

const EARLIEST = -2n;
const LATEST = -1n;
const PARTITION = 0;

export interface TopicRange {
  readonly topic: string;
  readonly start: bigint;
  readonly end: bigint;
}

async function withAdmin<T>(settings: LocalSettings, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { address, ca, username, password } = await brokerAccess(settings);
  const admin = new Admin({
    clientId: 'naps',
    bootstrapBrokers: [`${address}:${BROKER_PORT}`],
    tls: { ca },
    sasl: { mechanism: MECHANISM, username, password },
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

async function ranges(admin: Admin, prefix: string): Promise<TopicRange[]> {
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  const offsets = async (timestamp: bigint) => {
    const listed = await admin.listOffsets({
      topics: topics.map((name) => ({ name, partitions: [{ partitionIndex: PARTITION, timestamp }] })),
    });
    return new Map(listed.map(({ name, partitions }) => [name, partitions[0]?.offset ?? -1n]));
  };
  const [starts, ends] = [await offsets(EARLIEST), await offsets(LATEST)];
  return topics.toSorted().map((topic) => ({ topic, start: starts.get(topic) ?? -1n, end: ends.get(topic) ?? -1n }));
}

/** Topics of the cluster. */
export const topicRanges = (settings: LocalSettings, cluster: string): Promise<TopicRange[]> =>
  withAdmin(settings, (admin) => ranges(admin, `${cluster}-`));

/** A broker that starts anew knows of a clock that was shifted meanwhile. */
export async function restartBroker(settings: LocalSettings): Promise<void> {
  await restartMessages(settings);
  await awaitMessages(settings, 60_000);
}
