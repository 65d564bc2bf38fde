/**
 * The Debian that the other images stand on, made by debootstrap from the mirror that this machine's apt is configured
 * with (no registry has to be reachable, and no host is named here).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import { pinnedVersion, type BuildContext, type Recipe } from './recipe.ts';

/** Not needed to run anything; halves the image. */
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
];
/** Java's package puts a link there while it is installed. */
const KEPT = ['usr/share/man/man1'];

export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** Reads `apt-get indextargets` lines of `<uri> <suite> <component>`; keeps the distribution's own suites. */
export function distributionSources(lines: string, codename: string): AptSource[] {
  const suites = [codename, `${codename}-updates`, `${codename}-security`];
  const sources = lines
    .split('\n')
    .map((line) => line.trim().split(' '))
    .flatMap(([uri, suite, component]) =>
      uri !== undefined && suite !== undefined && component === 'main' && suites.includes(suite)
        ? [{ uri, suite, component }]
        : [],
    );
  // One line an architecture otherwise.
  return [...new Map(sources.map((source) => [`${source.uri} ${source.suite}`, source])).values()];
}

export const sourcesList = (sources: readonly AptSource[]) =>
  sources.map(({ uri, suite, component }) => `deb ${uri} ${suite} ${component}\n`).join('');

async function build(context: BuildContext, codename: string): Promise<void> {
  const { stdout } = await execa('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Identifier: Packages',
  ]);
  const sources = distributionSources(stdout, codename);
  const main = sources.find(({ suite }) => suite === codename);
  if (main === undefined) {
    throw new Error(`apt has no source for ${codename} main: add the distribution's mirror to /etc/apt and try again.`);
  }
  const root = join(context.work, 'root');
  const args = ['--variant=minbase', '--include=ca-certificates', codename, root, main.uri];
  await context.run('debootstrap', args);
  await context.run('rm', ['-rf', ...LEFT_OUT.map((folder) => join(root, folder))]);
  await context.run('mkdir', ['-p', ...[...LEFT_OUT, ...KEPT].map((folder) => join(root, folder))]);
  writeFileSync(join(root, 'etc/apt/sources.list'), sourcesList(sources));
  const archive = join(context.work, 'root.tar');
  await context.run('tar', ['-C', root, '-cf', archive, '.']);
  await context.run('podman', ['import', '--quiet', archive, context.tag], {
    env: imageStoreEnvironment(context.settings),
  });
}

export function baseRecipe(osRelease = readFileSync('/etc/os-release', 'utf8')): Recipe {
  const codename = pinnedVersion(osRelease, /^VERSION_CODENAME=(\S+)$/m);
  return {
    name: 'base',
    version: codename,
    inputs: [codename, ...LEFT_OUT, ...KEPT],
    build: (context) => build(context, codename),
  };
}
