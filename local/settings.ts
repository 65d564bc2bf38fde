/**
 * Single source of truth for where this copy of the repository keeps its local AWS: folders, ports, network, account.
 *
 * Several copies run side by side on one machine. Each takes a *slot*, a small number from which its ports and its
 * container network follow. A slot is taken by creating a file (atomic), kept as long as the copy has data, and given
 * back by `npm run clean`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LocalSettings {
  /** The checkout, absolute. */
  readonly root: string;
  /** Everything this copy writes while it runs; removed by `npm run clean`. */
  readonly stateDir: string;
  /** One log file a part. */
  readonly logDir: string;
  /** Shared by all copies of this user: image layers and downloads, keyed by content. */
  readonly cacheDir: string;
  readonly slot: number;
  readonly stage: string;
  readonly accountId: string;
  readonly region: string;
  /** Built from packages, or pulled: the stock images, where a registry can be reached. */
  readonly imageSource: 'packages' | 'stock';
  readonly ports: {
    /** The emulated AWS APIs, on loopback and on the container network's gateway. */
    readonly emulator: number;
    /** The load balancer's listeners as reached from this machine (80 and 443 on AWS). */
    readonly entryHttp: number;
    readonly entryHttps: number;
  };
  readonly network: {
    readonly name: string;
    /** CIDR of the container network. */
    readonly subnet: string;
    /** This machine as containers see it; DNS listens here on port 53. */
    readonly gateway: string;
    /** The one broker of the local MSK. */
    readonly kafka: string;
  };
}

export const LOCAL_STAGE = 'local';
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'eu-central-1';
const SLOTS = 150;
const FIRST_PORT = 4600;
const PORTS_A_SLOT = 10;

const repositoryRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** Exported for its test. An empty variable is an unset one. */
export function imageSource(value: string | undefined): LocalSettings['imageSource'] {
  if (value === undefined || value === '' || value === 'packages') return 'packages';
  if (value === 'stock') return value;
  throw new Error(`REDKITE_IMAGES=${value}: it is \`packages\` (the default) or \`stock\`.`);
}

/** A pure function of the slot, so that two copies can never disagree about who owns an address. */
export function settingsForSlot(slot: number, root = repositoryRoot): LocalSettings {
  const port = FIRST_PORT + slot * PORTS_A_SLOT;
  const prefix = `10.89.${slot + 1}`;
  const stateDir = join(root, '.redkite');
  return {
    root,
    stateDir,
    logDir: join(stateDir, 'logs'),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'redkite'),
    slot,
    stage: LOCAL_STAGE,
    accountId: LOCAL_ACCOUNT,
    region: LOCAL_REGION,
    imageSource: imageSource(process.env['REDKITE_IMAGES']),
    ports: { emulator: port, entryHttp: port + 1, entryHttps: port + 2 },
    network: {
      name: `redkite-${slot}`,
      subnet: `${prefix}.0/24`,
      gateway: `${prefix}.1`,
      kafka: `${prefix}.250`,
    },
  };
}

const slotFolder = join(tmpdir(), 'redkite-slots');
const ownFile = (root: string) => join(root, '.redkite', 'slot');
const claimFile = (slot: number) => join(slotFolder, String(slot));

function claim(slot: number, root: string): boolean {
  mkdirSync(slotFolder, { recursive: true });
  try {
    writeFileSync(claimFile(slot), root, { flag: 'wx' });
    return true;
  } catch {
    const owner = readFileSync(claimFile(slot), 'utf8');
    if (owner === root) return true;
    if (existsSync(ownFile(owner))) return false;
    // Its checkout or its data is gone: nobody can be running there any more.
    rmSync(claimFile(slot), { force: true });
    return claim(slot, root);
  }
}

/** This copy's settings; takes a slot on first use. */
export function localSettings(root = repositoryRoot): LocalSettings {
  const kept = existsSync(ownFile(root)) ? Number(readFileSync(ownFile(root), 'utf8')) : undefined;
  const candidates = kept === undefined ? Array.from({ length: SLOTS }, (_, slot) => slot) : [kept];
  mkdirSync(join(root, '.redkite'), { recursive: true });
  for (const slot of candidates) {
    // Written before the claim, so that no other copy can take the claim for one that was left behind.
    writeFileSync(ownFile(root), String(slot));
    if (claim(slot, root)) return settingsForSlot(slot, root);
  }
  rmSync(ownFile(root), { force: true });
  if (kept !== undefined) return localSettings(root);
  throw new Error(
    `All ${SLOTS} slots for local copies are taken. Run \`npm run clean\` in the copies you no longer need.`,
  );
}

/** Gives the slot back; the last thing that `npm run clean` does. */
export function releaseSlot(settings: LocalSettings): void {
  rmSync(claimFile(settings.slot), { force: true });
}

/** What every AWS client, and every program that makes one, needs in its environment to reach this copy's AWS. */
export function awsEnvironment(settings: LocalSettings): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${settings.ports.emulator}`,
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
