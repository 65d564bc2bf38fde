/** The local Kafka is as strict as MSK, and takes what Milvus sends. Runs beside a started local mode, or without one. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Admin, Consumer, Producer, type BaseOptions } from '@platformatic/kafka';
import { ensureImages } from '../../../../local/images/images.ts';
import {
  awaitMessages,
  messagesRun,
  putUsers,
  startMessages,
  stopMessages,
} from '../../../../local/messages/messages.ts';
import { ensureAuthority } from '../../../../local/setup/certificates.ts';
import { ensureSystemPackages } from '../../../../local/setup/system-packages.ts';
import { localSettings } from '../../../../local/settings.ts';

const settings = localSettings();
const user = { username: 'integration', password: randomBytes(12).toString('hex') };
const topic = `integration-${randomBytes(4).toString('hex')}`;
let bootstrap: string;
let ca: string;
let wasRunning: boolean;

beforeAll(async () => {
  const report = (line: string) => {
    console.log(line);
  };
  await ensureSystemPackages(report);
  const images = await ensureImages(settings, report);
  wasRunning = await messagesRun(settings);
  ({ bootstrap } = await startMessages(settings, images));
  await awaitMessages(settings, 60_000);
  await putUsers(settings, [user]);
  ca = readFileSync((await ensureAuthority(settings)).caFile, 'utf8');
}, 600_000);

afterAll(async () => {
  if (!wasRunning) await stopMessages(settings);
}, 60_000);

const options = (): BaseOptions => ({
  clientId: 'integration',
  bootstrapBrokers: [bootstrap],
  retries: false,
  timeout: 5_000,
});
const scram = (credentials: typeof user): BaseOptions => ({
  ...options(),
  tls: { ca },
  sasl: { mechanism: 'SCRAM-SHA-512', ...credentials },
});

async function metadata(baseOptions: BaseOptions): Promise<number> {
  const admin = new Admin(baseOptions);
  try {
    return (await admin.metadata({ topics: [] })).brokers.size;
  } finally {
    await admin.close();
  }
}

test('the right user gets in', async () => {
  await expect(metadata(scram(user))).resolves.toBe(1);
});

test.each([
  ['without TLS', () => options()],
  ['without a user', () => ({ ...options(), tls: { ca } })],
  ['with a wrong password', () => scram({ ...user, password: 'wrong' })],
  ['with an unknown user', () => scram({ ...user, username: 'nobody' })],
  ['when it does not trust the authority', () => ({ ...scram(user), tls: {} })],
])(
  'nobody gets in %s',
  async (_name, make) => {
    await expect(metadata(make())).rejects.toThrow();
  },
  30_000,
);

test('a password can be changed', async () => {
  const changed = { username: 'integration-changed', password: 'first' };
  await putUsers(settings, [changed]);
  await expect(metadata(scram(changed))).resolves.toBe(1);
  await putUsers(settings, [{ ...changed, password: 'second' }]);
  await expect(metadata(scram(changed))).rejects.toThrow();
  await expect(metadata(scram({ ...changed, password: 'second' }))).resolves.toBe(1);
});

test('a message of 8 MB comes back as it was sent, in a topic made by sending it', async () => {
  const value = randomBytes(8 * 1024 * 1024);
  const producer = new Producer({ ...scram(user), autocreateTopics: true });
  await producer.send({ messages: [{ topic, value }] });
  await producer.close();

  const consumer = new Consumer({ ...scram(user), groupId: topic, maxBytes: 16 * 1024 * 1024 });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  for await (const message of stream) {
    expect(message.value.equals(value)).toBe(true);
    break;
  }
  await consumer.close(true);
}, 60_000);

test('starting what runs changes nothing', async () => {
  const images = await ensureImages(settings, () => undefined);
  await expect(startMessages(settings, images)).resolves.toEqual({ bootstrap });
  await expect(metadata(scram(user))).resolves.toBe(1);
});
