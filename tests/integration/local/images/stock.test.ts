/**
 * Stock images are pulled, named and laid over, with podman and a registry on loopback. The images are not the real
 * ones: one file each, which is enough for all but Kafka's layer, which runs its Java.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { baseRecipe } from '../../../../local/images/base.ts';
import { ensureBuilt } from '../../../../local/images/build.ts';
import { imageTag } from '../../../../local/images/recipe.ts';
import { stockRecipes } from '../../../../local/images/stock.ts';
import { imageFolders } from '../../../../local/runtime/configuration.ts';
import {
  imageStoreEnvironment,
  mountsBelow,
  podmanForImages,
  removeRuntime,
} from '../../../../local/runtime/podman.ts';
import { ensureAuthority, issueCertificate } from '../../../../local/setup/certificates.ts';
import { ensureSystemPackages } from '../../../../local/setup/system-packages.ts';
import { localSettings, releaseSlot } from '../../../../local/settings.ts';
import { startRegistry, type Registry } from './registry.ts';

const root = mkdtempSync(join(tmpdir(), 'redkite-stock-'));
// An image store of its own: what is pulled here must not be found by anybody else.
const settings = { ...localSettings(root), cacheDir: join(root, 'cache') };
const versions = { milvus: '1', etcd: '1', kafka: '1' };
const reports: string[] = [];
let authority: string;
let registry: Registry;

const report = (line: string) => {
  reports.push(line);
};
const at = (address: string) =>
  stockRecipes(versions, authority, {
    milvus: `${address}/milvusdb/milvus:v1`,
    etcd: `${address}/coreos/etcd:v1`,
    kafka: `${address}/apache/kafka:1`,
  });
const ensure = (recipe: ReturnType<typeof at>['etcd']) => ensureBuilt(settings, [recipe], baseRecipe(), report);
const inStore = (args: readonly string[]) => podmanForImages(settings, args);

beforeAll(async () => {
  await ensureSystemPackages(report);
  authority = (await ensureAuthority(settings)).caFile;
  const source = join(root, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'Containerfile'), 'FROM scratch\nCOPY hello /hello\nCMD ["/hello"]\n');
  writeFileSync(join(source, 'hello'), 'from the registry');
  const env = imageStoreEnvironment(settings);
  await execa('podman', ['build', '--tag', 'localhost/source:1', source], { env });
  await execa('podman', ['push', 'localhost/source:1', `oci:${join(root, 'layout')}:1`], { env });
  await inStore(['rmi', 'localhost/source:1']);
  const { keyFile, certFile } = await issueCertificate(settings, {
    name: 'registry',
    dnsNames: [],
    addresses: ['127.0.0.1'],
  });
  registry = await startRegistry(join(root, 'layout'), {
    key: readFileSync(keyFile, 'utf8'),
    cert: readFileSync(certFile, 'utf8'),
  });
  // The registry's certificate is from the local authority, which podman trusts by this (it is written in Go).
  process.env['SSL_CERT_FILE'] = authority;
});

afterAll(async () => {
  delete process.env['SSL_CERT_FILE'];
  await registry.stop();
  await removeRuntime(settings);
  const { run } = imageFolders(settings);
  for (const point of mountsBelow([root, run], readFileSync('/proc/mounts', 'utf8'))) await execa('umount', [point]);
  releaseSlot(settings);
  for (const folder of [run, root]) rmSync(folder, { recursive: true, force: true });
});

async function contentOf(tag: string, file: string): Promise<string> {
  const mounted = (await inStore(['image', 'mount', tag])).trim();
  try {
    return readFileSync(join(mounted, file), 'utf8');
  } finally {
    await inStore(['image', 'unmount', tag]);
  }
}

test('an image is pulled once, with progress, and kept under the name that says what it is', async () => {
  const { etcd } = at(registry.address);
  await ensure(etcd);
  expect(await contentOf(imageTag(etcd), 'hello')).toBe('from the registry');
  expect(reports.some((line) => line.startsWith(`${registry.address}/coreos/etcd:v1: `))).toBe(true);
  const asked = registry.asked.length;
  expect(registry.asked).toContain('/v2/coreos/etcd/manifests/v1');
  await ensure(etcd);
  expect(registry.asked).toHaveLength(asked);
});

test('Milvus trusts the local authority and is otherwise what was pulled', async () => {
  const { milvus } = at(registry.address);
  await ensure(milvus);
  const tag = imageTag(milvus);
  expect(await contentOf(tag, 'hello')).toBe('from the registry');
  expect(await contentOf(tag, 'etc/redkite/authority.crt')).toBe(readFileSync(authority, 'utf8'));
  const config = JSON.parse(await inStore(['image', 'inspect', '--format', '{{json .Config}}', tag])) as {
    Env: string[];
    Cmd: string[];
  };
  expect(config.Env).toContain('SSL_CERT_FILE=/etc/redkite/authority.crt');
  expect(config.Cmd).toEqual(['/hello']);
});

test('a registry that does not answer: what failed, where its log is, what to do', async () => {
  const gone = await startRegistry(join(root, 'layout'), {});
  await gone.stop();
  const failure = ensure(at(gone.address).etcd);
  await expect(failure).rejects.toThrow(`Pulling ${gone.address}/coreos/etcd:v1 failed`);
  await expect(failure).rejects.toThrow(`Log: ${settings.logDir}/image-etcd-1-stock-`);
  await expect(failure).rejects.toThrow('connection refused');
  await expect(failure).rejects.toThrow('unset REDKITE_IMAGES');
});
