/**
 * The local MSK: one Kafka broker in a container, at a fixed address of this copy's network. It is the first container
 * there and stays as long as local mode runs, so it also brings the bridge up with the gateway's address, to which DNS
 * and the emulator bind after it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Images } from '../images/images.ts';
import { logFile, logTail } from '../processes.ts';
import { pinBridgeAddress } from '../runtime/bridge.ts';
import { podman } from '../runtime/podman.ts';
import { issueCertificate } from '../setup/certificates.ts';
import type { LocalSettings } from '../settings.ts';
import { ADMIN, bootstrapServers, serverProperties } from './broker.ts';
import { countBrokers, upsertUsers, type BrokerAccess, type User } from './client.ts';

const CONTAINER = 'messages';
const CONFIGURATION_LABEL = 'redkite.configuration';
/** The broker ends by itself within 2 s; then it is killed, which its log survives. */
const STOP_SECONDS = 15;
/** Asking podman costs more than asking the broker. */
const LOOK_EVERY_MS = 1_000;

const folder = (settings: LocalSettings) => join(settings.stateDir, 'messages');
const configFolder = (settings: LocalSettings) => join(folder(settings), 'config');
const dataFolder = (settings: LocalSettings) => join(folder(settings), 'data');
const adminFile = (settings: LocalSettings) => join(configFolder(settings), 'admin');

/** The password goes into Kafka's data when that is formatted, so the two live and die together. */
function adminPassword(settings: LocalSettings): string {
  const file = adminFile(settings);
  if (!existsSync(file)) writeFileSync(file, `${ADMIN}\n${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  const password = readFileSync(file, 'utf8').split('\n')[1];
  if (password === undefined) throw new Error(`${file} has no second line. Run \`npm run clean\` and start again.`);
  return password;
}

/** How its administrator reaches the broker. */
export async function brokerAccess(settings: LocalSettings): Promise<BrokerAccess> {
  const { caFile } = await brokerCertificate(settings);
  return {
    address: settings.network.kafka,
    ca: readFileSync(caFile, 'utf8'),
    username: ADMIN,
    password: adminPassword(settings),
  };
}

const brokerCertificate = (settings: LocalSettings) =>
  issueCertificate(settings, { name: 'messages', dnsNames: [], addresses: [settings.network.kafka] });

async function runningConfiguration(settings: LocalSettings): Promise<string> {
  return (
    await podman(settings, [
      ...['ps', '--filter', `name=^${CONTAINER}$`, '--filter', 'status=running'],
      ...['--format', `{{index .Labels "${CONFIGURATION_LABEL}"}}`],
    ])
  ).trim();
}

export async function messagesRun(settings: LocalSettings): Promise<boolean> {
  return (await runningConfiguration(settings)) !== '';
}

/** Returns when the container runs; `awaitMessages` says when the broker answers. Does nothing when it runs already. */
export async function startMessages(
  settings: LocalSettings,
  images: Pick<Images, 'kafka'>,
): Promise<{ bootstrap: string }> {
  mkdirSync(configFolder(settings), { recursive: true, mode: 0o700 });
  mkdirSync(dataFolder(settings), { recursive: true, mode: 0o700 });
  mkdirSync(settings.logDir, { recursive: true });
  const certificate = await brokerCertificate(settings);
  const keystore = readFileSync(certificate.keyFile, 'utf8') + readFileSync(certificate.certFile, 'utf8');
  const properties = serverProperties(settings);
  const configuration = createHash('sha256')
    .update(JSON.stringify([images.kafka, properties, keystore]))
    .digest('hex');
  const bootstrap = bootstrapServers(settings);
  if ((await runningConfiguration(settings)) === configuration) return { bootstrap };

  await stopMessages(settings);
  adminPassword(settings);
  writeFileSync(join(configFolder(settings), 'server.properties'), properties);
  writeFileSync(join(configFolder(settings), 'keystore.pem'), keystore, { mode: 0o600 });
  await podman(settings, [
    ...['run', '--detach', '--pull=never', '--name', CONTAINER, '--ip', settings.network.kafka],
    // The stock image declares volumes inside our two folders; Kafka would take such a folder for a broken topic.
    '--image-volume=ignore',
    ...['--label', `${CONFIGURATION_LABEL}=${configuration}`],
    ...['--log-opt', `path=${logFile(settings, CONTAINER)}`],
    ...['--volume', `${configFolder(settings)}:/etc/kafka:ro`, '--volume', `${dataFolder(settings)}:/var/lib/kafka`],
    images.kafka,
  ]);
  await pinBridgeAddress(settings);
  return { bootstrap };
}

/** Ready is a TLS and SCRAM handshake and metadata that names the broker: what Milvus will ask first. */
export async function awaitMessages(settings: LocalSettings, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let lookAgain = Date.now() + LOOK_EVERY_MS;
  const broker = await brokerAccess(settings);
  const say = (what: string) =>
    new Error(`The local Kafka ${what}. Log: ${logFile(settings, CONTAINER)}\n${logTail(settings, CONTAINER)}`);
  for (;;) {
    const outcome = await countBrokers(broker).catch((error: unknown) => String(error));
    if (outcome === 1) return;
    if (Date.now() > lookAgain) {
      if (!(await messagesRun(settings))) throw say('ended while it started');
      lookAgain = Date.now() + LOOK_EVERY_MS;
    }
    if (Date.now() > deadline) {
      throw say(`was not ready within ${Math.round(timeoutMs / 1000)} s (${String(outcome)})`);
    }
    await sleep(50);
  }
}

/** Creates the users, or gives them these passwords. */
export async function putUsers(settings: LocalSettings, users: readonly User[]): Promise<void> {
  if (users.length > 0) await upsertUsers(await brokerAccess(settings), users);
}

/** The same container with the same data; what runs at the start of a container runs again. */
export async function restartMessages(settings: LocalSettings): Promise<void> {
  await podman(settings, ['restart', '--time', String(STOP_SECONDS), CONTAINER]);
  // Where it was the only container, the bridge is a new one.
  await pinBridgeAddress(settings);
}

/** Ends the broker; its data stays. */
export async function stopMessages(settings: LocalSettings): Promise<void> {
  await podman(settings, ['stop', '--ignore', '--time', String(STOP_SECONDS), CONTAINER]);
  await podman(settings, ['rm', '--ignore', '--force', CONTAINER]);
}
