/**
 * The local AWS of this copy: MiniStack with its gaps filled (redkite_emulator), as one long-lived process on loopback
 * and on the container network's gateway. Everything it keeps is below the copy's state folder, and is gone with the
 * process: what is deployed into it is deployed again by the next `npm start`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { awaitDaemon, startDaemon, stopDaemon } from '../processes.ts';
import { awsEnvironment, type LocalSettings } from '../settings.ts';

const NAME = 'emulator';
const START_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 1_000;
/** It ends its functions and removes its containers; well under a second a container. */
const STOP_GRACE_MS = 30_000;
/** Without an engine, tasks are records; the path only has to name nothing. */
const NO_ENGINE = 'unix:///nonexistent/redkite-no-container-engine.sock';
const PACKAGE_PARENT = dirname(fileURLToPath(import.meta.url));

export interface EmulatorOptions {
  /** The Python that has MiniStack. */
  readonly python: string;
  /** The container engine that runs ECS tasks, as DOCKER_HOST names it. */
  readonly dockerHost?: string;
  /** What GetBootstrapBrokers answers for SASL/SCRAM. */
  readonly messagesBootstrap?: string;
  readonly extraEnv?: Readonly<Record<string, string>>;
}

/** Exported for its test: what is in here decides whether two copies disturb each other. */
export function emulatorEnvironment(
  settings: LocalSettings,
  options: EmulatorOptions,
): Record<string, string | undefined> {
  const folder = join(settings.stateDir, NAME);
  return {
    ...awsEnvironment(settings),
    // Lambda functions run in the Node that runs us, whatever `node` the caller's PATH would find.
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    PYTHONPATH: PACKAGE_PARENT,
    PYTHONDONTWRITEBYTECODE: '1',
    GATEWAY_PORT: String(settings.ports.emulator),
    REDKITE_GATEWAY_ADDRESS: settings.network.gateway,
    REDKITE_NETWORK: settings.network.name,
    // Without it every unsigned call looks in another account.
    MINISTACK_ACCOUNT_ID: settings.accountId,
    MINISTACK_REGION: settings.region,
    // Of these MiniStack would open ports of its own, the same for every copy.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
    TMPDIR: join(folder, 'tmp'),
    PERSIST_STATE: '0',
    DOCKER_HOST: options.dockerHost ?? NO_ENGINE,
    MINISTACK_MSK_BOOTSTRAP_SASL_SCRAM: options.messagesBootstrap,
    NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'],
    ...options.extraEnv,
  };
}

export async function startEmulator(settings: LocalSettings, options: EmulatorOptions): Promise<void> {
  const env = emulatorEnvironment(settings, options);
  const folder = join(settings.stateDir, NAME);
  for (const name of ['state', 's3', 'tmp']) mkdirSync(join(folder, name), { recursive: true });
  // MiniStack puts its CommonJS worker script for functions below; our own package.json would make it an ES module, and
  // every function would end at its start without a word.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'commonjs' }));
  const pid = startDaemon(settings, { name: NAME, command: options.python, args: ['-m', 'redkite_emulator'], env });
  await awaitDaemon(settings, NAME, () => answersAs(settings, pid), START_TIMEOUT_MS);
}

/** Asks for the process id: what answers on the port may be somebody else's, while ours has found the port taken. */
async function answersAs(settings: LocalSettings, pid: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${settings.ports.emulator}/_redkite/process`, {
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  return response.ok && ((await response.json()) as { pid: number }).pid === pid;
}

export async function stopEmulator(settings: LocalSettings): Promise<void> {
  await stopDaemon(settings, NAME, STOP_GRACE_MS);
}
