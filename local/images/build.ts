/**
 * Builds the images that are missing, all at once, into the store that every copy of the repository looks into. One
 * builder at a time; an image is found by its tag, which says what is in it (recipe.ts).
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { mountsBelow, podman } from '../runtime/podman.ts';
import { withLock } from '../setup/lock.ts';
import type { LocalSettings } from '../settings.ts';
import { buildContext, imageExists, imageTag, type Recipe } from './recipe.ts';

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
    await recipe.build(buildContext(recipe.name, { settings, tag, work, base, report }));
  } finally {
    await removeWork(work);
  }
  report(`image ${recipe.name} ${recipe.version} ready after ${Math.round((performance.now() - started) / 1000)} s`);
  return tag;
}

/** `base` is built too when one of the missing images stands on it. */
export async function ensureBuilt(
  settings: LocalSettings,
  recipes: readonly Recipe[],
  base: Recipe,
  report: (line: string) => void,
): Promise<void> {
  const missing = async () => {
    const there = await present(settings, recipes.map(imageTag));
    return recipes.filter((recipe) => !there.has(imageTag(recipe)));
  };
  if ((await missing()).length === 0) return;
  await withLock(
    join(settings.cacheDir, 'images.lock'),
    async () => {
      const recipesToBuild = await missing();
      if (recipesToBuild.length === 0) return;
      report(`preparing images: ${recipesToBuild.map(({ name }) => name).join(', ')} (minutes the first time)`);
      let built: Promise<string> | undefined;
      const ensureBase = () =>
        (built ??= imageExists(settings, imageTag(base)).then((there) =>
          there ? imageTag(base) : buildOne(settings, base, ensureBase, report),
        ));
      // A recipe that stands on the base has its tag among its inputs.
      if (recipesToBuild.some(({ inputs }) => inputs.includes(imageTag(base)))) ensureBase().catch(() => undefined);
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
}
