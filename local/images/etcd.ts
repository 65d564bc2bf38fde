/** etcd, etcdctl and etcdutl built from their Go modules; the image behaves like the stock one. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import {
  buildContainerfile,
  pinnedVersion,
  recipeFile,
  recipeFiles,
  recipeFolder,
  step,
  type BuildContext,
  type Recipe,
} from './recipe.ts';

const PROGRAMS = {
  etcd: 'go.etcd.io/etcd/server/v3',
  etcdctl: 'go.etcd.io/etcd/etcdctl/v3',
  etcdutl: 'go.etcd.io/etcd/etcdutl/v3',
} as const;

async function build(context: BuildContext): Promise<void> {
  const root = join(context.work, 'rootfs');
  for (const folder of ['usr/local/bin', 'var/etcd', 'etc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\n');
  for (const [program, module] of Object.entries(PROGRAMS)) {
    await step(
      context,
      // The compiler would hold up the base image, which others wait for.
      'nice',
      [
        'go',
        'build',
        '-mod=readonly',
        '-trimpath',
        '-ldflags',
        '-s -w',
        '-o',
        join(root, 'usr/local/bin', program),
        module,
      ],
      {
        cwd: recipeFolder('etcd'),
        // Without C the binaries are static and need no base image.
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
        missing: 'Install Go 1.21 or later (it fetches the newer tool chain that go.mod asks for by itself).',
      },
    );
  }
  await buildContainerfile(context, 'etcd', imageStoreEnvironment(context.settings));
}

export function etcdRecipe(): Recipe {
  return {
    name: 'etcd',
    version: pinnedVersion(recipeFile('etcd', 'go.mod'), /^\s*go\.etcd\.io\/etcd\/server\/v3 v(\S+)/m),
    inputs: [...recipeFiles('etcd'), JSON.stringify(PROGRAMS)],
    build,
  };
}
