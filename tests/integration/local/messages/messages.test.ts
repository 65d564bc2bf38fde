/**
 * The local Kafka is as strict as MSK, and takes what Milvus sends. Runs in a copy of its own (slot, network, data): a
 * local mode that is up beside it, with clusters on its Kafka, must not notice.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Admin, Consumer, Producer, type BaseOptions } from '@platformatic/kafka';
import { ensureImages } from '../../../../local/images/images.ts';
import {
  awaitMessages,
  messagesRun,
  putUsers,
  startMessages,
  stopMessages,
} from '../../../../local/messages/messages.ts';
import { bridgeName, runtimeFolders } from '../../../../local/runtime/configuration.ts';
import { bridgeAddress } from '../../../../local/runtime/bridge.ts';
import { mountsBelow, removeRuntime } from '../../../../local/runtime/podman.ts';
import { ensureAuthority } from '../../../../local/setup/certificates.ts';
import { ensureSystemPackages } from '../../../../local/setup/system-packages.ts';
import { localSettings, releaseSlot } from '../../../../local/settings.ts';

const root = mkdtempSync(join(tmpdir(), 'redkite-messages-'));
const settings = localSettings(root);
const user = { username: 'integration', password: randomBytes(12).toString('hex') };
const topic = `integration-${randomBytes(4).toString('hex')}`;
let bootstrap: string;
let ca: string;

beforeAll(async () => {
  const report = (line: string) => {
    console.log(line);
  };
  await ensureSystemPackages(report);
  const images = await ensureImages(settings, report);
  ({ bootstrap } = await startMessages(settings, images));
  await awaitMessages(settings, 60_000);
  await putUsers(settings, [user]);
  ca = readFileSync((await ensureAuthority(settings)).caFile, 'utf8');
}, 600_000);

afterAll(async () => {
  await removeRuntime(settings);
  releaseSlot(settings);
  rmSync(root, { recursive: true, force: true });
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
  ['without TLS', () => options(), /Connection closed/],
  ['without a user', () => ({ ...options(), tls: { ca } }), /Connection closed/],
  ['with a wrong password', () => scram({ ...user, password: 'wrong' }), /SASL_AUTHENTICATION_FAILED/],
  ['with an unknown user', () => scram({ ...user, username: 'nobody' }), /SASL_AUTHENTICATION_FAILED/],
  [
    'when it does not trust the authority',
    () => ({ ...scram(user), tls: {} }),
    /self-signed certificate|unable to (verify|get)/,
  ],
])(
  'nobody gets in %s',
  async (_name, make, reason) => {
    const failure: unknown = await metadata(make()).then(
      () => 'got in',
      (error: unknown) => error,
    );
    // The client wraps the cause: an aggregate of network errors of the real one.
    expect(inspect(failure, { depth: 10 })).toMatch(reason);
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
  // Kafka makes a topic, and the consumer groups' own one, when first asked for, and answers "not yet": clients ask again.
  const patient = { ...scram(user), retries: 50, retryDelay: 100 };
  const producer = new Producer({ ...patient, autocreateTopics: true });
  await producer.send({ messages: [{ topic, value }] });
  await producer.close();

  const consumer = new Consumer({ ...patient, groupId: topic, maxBytes: 16 * 1024 * 1024 });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  for await (const message of stream) {
    expect(message.value.equals(value)).toBe(true);
    break;
  }
  await stream.close();
  await consumer.close();
}, 60_000);

test('starting what runs changes nothing', async () => {
  const images = await ensureImages(settings, () => undefined);
  await expect(startMessages(settings, images)).resolves.toEqual({ bootstrap });
  await expect(metadata(scram(user))).resolves.toBe(1);
});

test('the bridge has an address of its own, which does not change with the containers on it', () => {
  const link = (property: string) => readFileSync(`/sys/class/net/${bridgeName(settings)}/${property}`, 'utf8').trim();
  // NET_ADDR_SET of the kernel: an address that was drawn (1) is given up for that of a container.
  expect(link('addr_assign_type')).toBe('3');
  expect(link('address')).toBe(bridgeAddress(settings.network.gateway));
});

test('its data and its users outlive a stop', async () => {
  await stopMessages(settings);
  await expect(messagesRun(settings)).resolves.toBe(false);
  await startMessages(settings, await ensureImages(settings, () => undefined));
  await awaitMessages(settings, 60_000);
  await expect(metadata(scram(user))).resolves.toBe(1);
}, 90_000);

test('removing the runtime leaves no mount, bridge or folder', async () => {
  await removeRuntime(settings);
  const folders = [join(settings.stateDir, 'containers'), runtimeFolders(settings).run];
  expect(mountsBelow(folders, readFileSync('/proc/mounts', 'utf8'))).toEqual([]);
  expect([...folders, `/sys/class/net/${bridgeName(settings)}`].filter((path) => existsSync(path))).toEqual([]);
}, 60_000);
