/**
 * Leads 169.254.170.2:80, where a container on AWS asks for the credentials of its task role, to the emulator.
 *
 * Two steps: a route inside each container (the container network is internal and has no default route), which an OCI
 * hook adds before the container's first process starts; and one NAT rule on this machine, for this copy's subnet only,
 * so that copies do not answer each other's containers.
 */
import { execa } from 'execa';
import type { LocalSettings } from '../settings.ts';

const CREDENTIALS_ADDRESS = '169.254.170.2';
/** Seconds to wait for iptables' lock, which container engines take as well. */
const LOCK_TIMEOUT = '5';

/** The NAT rule without its verb; its comment says whose it is to whoever lists the rules. */
const rule = (settings: LocalSettings): readonly string[] => [
  'PREROUTING',
  ...['--source', settings.network.subnet],
  ...['--destination', `${CREDENTIALS_ADDRESS}/32`],
  ...['--protocol', 'tcp', '--dport', '80'],
  ...['--match', 'comment', '--comment', `${settings.network.name} task credentials`],
  ...['--jump', 'DNAT', '--to-destination', `${settings.network.gateway}:${settings.ports.emulator}`],
];

const nat = (verb: string, settings: LocalSettings, reject: boolean) =>
  execa('iptables', ['--wait', LOCK_TIMEOUT, '--table', 'nat', verb, ...rule(settings)], { reject });

const hasRoute = async (settings: LocalSettings) => (await nat('--check', settings, false)).exitCode === 0;

export async function addCredentialsRoute(settings: LocalSettings): Promise<void> {
  if (await hasRoute(settings)) return;
  try {
    await nat('--append', settings, true);
  } catch (error) {
    throw new Error(
      `The NAT rule for task credentials (${CREDENTIALS_ADDRESS}:80 from ${settings.network.subnet}) could not be added. ` +
        'It needs root and iptables; without it containers cannot get the credentials of their task role.',
      { cause: error },
    );
  }
}

export async function removeCredentialsRoute(settings: LocalSettings): Promise<void> {
  while (await hasRoute(settings)) await nat('--delete', settings, true);
}

/**
 * The text of a file in one of podman's `hooks_dir`s (containers.conf, [engine]): runs in the container's network
 * namespace, with this machine's files, before the container's own process.
 */
export function credentialsHook(settings: LocalSettings, ipCommand = '/usr/sbin/ip'): string {
  return JSON.stringify({
    version: '1.0.0',
    hook: {
      path: ipCommand,
      args: ['ip', 'route', 'replace', `${CREDENTIALS_ADDRESS}/32`, 'via', settings.network.gateway],
    },
    when: { always: true },
    stages: ['createContainer'],
  });
}
