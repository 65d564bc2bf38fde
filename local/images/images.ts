/**
 * The images of local mode, built from packages alone and kept once for all copies of the repository. With everything
 * there this costs one podman command.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { mountsBelow, podman } from '../runtime/podman.ts';
import { ensureAuthority } from '../setup/certificates.ts';
import { withLock } from '../setup/lock.ts';
import type { LocalSettings } from '../settings.ts';
import { baseRecipe } from './base.ts';
import { etcdRecipe } from './etcd.ts';
import { kafkaRecipe } from './kafka.ts';
import { milvusRecipe } from './milvus.ts';
import { imageExists, imageTag, type Recipe } from './recipe.ts';

export interface Images {
  readonly milvus: string;
  readonly etcd: string;
  readonly kafka: string;
}

async function present(settings: LocalSettings, tags: readonly string[]): Promise<Set<string>> {
  const known = await podman(settings, ['images', '--format', '{{.Repository}}:{{.Tag}}']);
  return new Set(known.split('\n').filter((tag) => tags.includes(tag)));
}

/** An interrupted debootstrap leaves /proc and /sys mounted in its folder: never delete through a mount. */
async function removeWork(folder: string): Promise<void> {
  for (const point of mountsBelow([folder], readFileSync('/proc/mounts', 'utf8'))) await execa('umount', [point]);
  await execa('rm', ['-rf', '--one-file-system', folder]);
}

async function buildOne(
  settings: LocalSettings,
  recipe: Recipe,
  base: () => Promise<string>,
  report: (line: string) => void,
): Promise<string> {
  const tag = imageTag(recipe);
  const work = join(settings.cacheDir, 'build', recipe.name);
  const started = performance.now();
  await removeWork(work);
  mkdirSync(work, { recursive: true });
  try {
    await recipe.build({ settings, tag, work, base, report });
  } finally {
    await removeWork(work);
  }
  report(`image ${recipe.name} ${recipe.version} built in ${Math.round((performance.now() - started) / 1000)} s`);
  return tag;
}

export async function ensureImages(settings: LocalSettings, report: (line: string) => void): Promise<Images> {
  const authority = await ensureAuthority(settings);
  const base = baseRecipe();
  const recipes = {
    milvus: milvusRecipe(imageTag(base), authority.caFile),
    etcd: etcdRecipe(),
    kafka: kafkaRecipe(imageTag(base)),
  };
  const images: Images = {
    milvus: imageTag(recipes.milvus),
    etcd: imageTag(recipes.etcd),
    kafka: imageTag(recipes.kafka),
  };
  const wanted = Object.values(recipes);
  const missing = async () => {
    const there = await present(settings, Object.values(images));
    return wanted.filter((recipe) => !there.has(imageTag(recipe)));
  };
  if ((await missing()).length === 0) return images;
  await withLock(
    join(settings.cacheDir, 'images.lock'),
    async () => {
      const recipesToBuild = await missing();
      if (recipesToBuild.length === 0) return;
      report(
        `building images: ${recipesToBuild.map(({ name }) => name).join(', ')} (about two minutes the first time)`,
      );
      let built: Promise<string> | undefined;
      const ensureBase = () =>
        (built ??= imageExists(settings, imageTag(base)).then((there) =>
          there ? imageTag(base) : buildOne(settings, base, ensureBase, report),
        ));
      if (recipesToBuild.some(({ name }) => name !== 'etcd')) ensureBase().catch(() => undefined);
      // All at once: downloads (Milvus, the jars) fill the time in which others compute. Every build is awaited, so
      // that none still writes to the store when the lock is given back.
      const results = await Promise.allSettled(
        recipesToBuild.map((recipe) => buildOne(settings, recipe, ensureBase, report)),
      );
      if (built !== undefined) await built;
      const failure = results.find((result) => result.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
    },
    () => {
      report('waiting for another copy of the repository that builds images');
    },
  );
  return images;
}
