/**
 * Brings Debian to what local mode needs besides Node: the container runtime and what image builds use. Costs one
 * dpkg-query when everything is there; asks apt only for what is missing.
 */
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { withLock } from './lock.ts';

/**
 * runc, because crun fails on machines with hybrid cgroups. iptables, because netavark starts it even where, as on our
 * internal network, it has no rule to make.
 */
export const RUNTIME_PACKAGES = [
  'podman',
  'runc',
  'netavark',
  'iptables',
  'iproute2',
  'debootstrap',
  'ca-certificates',
];

/** Programs that may have come from elsewhere than Debian: only a missing one is installed. */
const PROGRAMS: readonly { readonly check: readonly [string, ...string[]]; readonly packages: readonly string[] }[] = [
  { check: ['python3', '-c', 'import ensurepip, lzma, venv'], packages: ['python3', 'python3-venv'] },
  // Not `mvn --version`, which starts a Java.
  { check: ['which', 'mvn'], packages: ['maven'] },
];
const APT_LOCK = '/var/lock/redkite-apt';

/** The names that dpkg's `<package> <status>` lines do not show as installed. */
export function missingPackages(wanted: readonly string[], dpkgOutput: string): string[] {
  const installed = new Set(
    dpkgOutput
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, status]) => status === 'installed')
      .map(([name]) => name),
  );
  return wanted.filter((name) => !installed.has(name));
}

async function missing(): Promise<string[]> {
  const [dpkg, ...programs] = await Promise.all([
    execa('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...RUNTIME_PACKAGES], { reject: false }),
    ...PROGRAMS.map(async ({ check: [command, ...args], packages }) => {
      const { failed } = await execa(command, args, { reject: false });
      return failed ? packages : [];
    }),
  ]);
  return [...missingPackages(RUNTIME_PACKAGES, dpkg.stdout), ...programs.flat()];
}

export function isDebian(osRelease: string): boolean {
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(osRelease);
}

function osRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

export async function ensureSystemPackages(report: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'Local mode runs containers with their own network, which needs root. Run the same command as root (sudo -E).',
    );
  }
  if (!isDebian(osRelease())) {
    throw new Error(
      `Local mode sets itself up on Debian (12 or later) and its derivatives only. It needs ${RUNTIME_PACKAGES.join(', ')}, Python 3.10 or later with venv, and Maven.`,
    );
  }
  if ((await missing()).length === 0) return;
  await withLock(APT_LOCK, async () => {
    const packages = await missing();
    if (packages.length === 0) return;
    const manual = `Install by hand: apt-get install --no-install-recommends ${packages.join(' ')}`;
    report(`installing ${packages.join(', ')} (apt)`);
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
      const { failed, stderr } = await execa('apt-get', ['-q', ...args], {
        reject: false,
        env: { DEBIAN_FRONTEND: 'noninteractive' },
      });
      if (failed) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr.trim()}\n${manual}`);
    }
  });
}
