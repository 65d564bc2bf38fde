/**
 * etcd, etcdctl and etcdutl built from their Go modules, once for all copies of the repository: as programs for tests and
 * benchmarks that need a quorum without containers, and as an image that behaves like the stock one.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import { ensureFolder } from '../setup/folder.ts';
import type { LocalSettings } from '../settings.ts';
import {
  buildContainerfile,
  imageTag,
  pinnedVersion,
  recipeFile,
  recipeFiles,
  recipeFolder,
  step,
  type BuildContext,
  type Recipe,
} from './recipe.ts';

const MODULES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  etcdctl: 'go.etcd.io/etcd/etcdctl/v3',
  etcdutl: 'go.etcd.io/etcd/etcdutl/v3',
} as const;

type Program = keyof typeof MODULES;
const PROGRAMS = Object.keys(MODULES) as Program[];
/** Paths of the programs. */
export type EtcdPrograms = Readonly<Record<Program, string>>;

const GO_ARGUMENTS = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w'];

/** Changes with everything that decides what is compiled; the tool chain is named in go.mod. */
function programsKey(): string {
  const inputs = [recipeFile('etcd', 'go.mod'), recipeFile('etcd', 'go.sum'), JSON.stringify(MODULES), ...GO_ARGUMENTS];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

// Without C the programs are static and need no base image.
const noBase = () => Promise.reject(new Error('etcd stands on no base image.'));

/** Builds the programs unless they are there (about 50 s with nothing in Go's own cache). */
export async function ensureEtcdPrograms(
  settings: LocalSettings,
  report: (line: string) => void,
): Promise<EtcdPrograms> {
  const folder = join(settings.cacheDir, `etcd-programs-${programsKey()}`);
  const programs: EtcdPrograms = {
    etcd: join(folder, 'etcd'),
    etcdctl: join(folder, 'etcdctl'),
    etcdutl: join(folder, 'etcdutl'),
  };
  await ensureFolder(
    folder,
    async (aside) => {
      report('building etcd, etcdctl and etcdutl (about a minute the first time)');
      for (const program of PROGRAMS) {
        await step(
          { settings, tag: imageTag(etcdRecipe()), work: aside, base: noBase, report },
          // The compiler would hold up the base image, which others wait for.
          'nice',
          ['go', ...GO_ARGUMENTS, '-o', join(aside, program), MODULES[program]],
          {
            cwd: recipeFolder('etcd'),
            env: { CGO_ENABLED: '0', GOWORK: 'off' },
            missing: 'Install Go 1.21 or later (it fetches the newer tool chain that go.mod asks for by itself).',
          },
        );
      }
    },
    () => {
      report('waiting for another copy of the repository that builds etcd');
    },
  );
  return programs;
}

async function build(context: BuildContext): Promise<void> {
  const programs = await ensureEtcdPrograms(context.settings, context.report);
  const root = join(context.work, 'rootfs');
  for (const folder of ['usr/local/bin', 'var/etcd', 'etc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\n');
  for (const program of PROGRAMS) copyFileSync(programs[program], join(root, 'usr/local/bin', program));
  await buildContainerfile(context, 'etcd', imageStoreEnvironment(context.settings));
}

export function etcdRecipe(): Recipe {
  return {
    name: 'etcd',
    version: pinnedVersion(recipeFile('etcd', 'go.mod'), /^\s*go\.etcd\.io\/etcd\/server\/v3 v(\S+)/m),
    // As before the programs were kept apart: the image is the same.
    inputs: [...recipeFiles('etcd'), JSON.stringify(MODULES)],
    build,
  };
}
