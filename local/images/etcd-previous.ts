/**
 * etcd of the minor version before, as an image: only for the test that replaces every member of a quorum by newer ones.
 * The server alone; about 30 s of building with nothing in Go's own cache.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import { buildContainerfile, filesOf, recipeFile, type BuildContext, type Recipe } from './recipe.ts';

const SERVER = 'go.etcd.io/etcd/server/v3';
const files = filesOf('etcd-previous');

async function build(context: BuildContext): Promise<void> {
  const root = join(context.work, 'rootfs');
  for (const folder of ['usr/local/bin', 'var/etcd', 'etc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\n');
  const output = join(root, 'usr/local/bin/etcd');
  await context.run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', output, SERVER], {
    cwd: files.folder,
    env: { CGO_ENABLED: '0', GOWORK: 'off' },
    missing: 'Install Go 1.21 or later (it fetches the newer tool chain that go.mod asks for by itself).',
  });
  await buildContainerfile(context, 'etcd', imageStoreEnvironment(context.settings));
}

export function previousEtcdRecipe(): Recipe {
  return {
    name: 'etcd-previous',
    version: files.version('go.mod', /^\s*go\.etcd\.io\/etcd\/server\/v3 v(\S+)/m),
    inputs: [...files.inputs(), recipeFile('etcd', 'Containerfile')],
    build,
  };
}
