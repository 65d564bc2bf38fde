/**
 * The images of local mode: built from packages alone, or the stock ones from a registry (`settings.imageSource`). Kept
 * once for all copies of the repository; with everything there this costs one podman command.
 */
import { ensureAuthority } from '../setup/certificates.ts';
import type { LocalSettings } from '../settings.ts';
import { baseRecipe } from './base.ts';
import { ensureBuilt } from './build.ts';
import { etcdRecipe } from './etcd.ts';
import { previousEtcdRecipe } from './etcd-previous.ts';
import { kafkaRecipe } from './kafka.ts';
import { milvusRecipe } from './milvus.ts';
import { probeRecipe } from './probe.ts';
import { imageTag, type Recipe } from './recipe.ts';
import { stockRecipes } from './stock.ts';

export interface Images {
  readonly milvus: string;
  readonly etcd: string;
  readonly kafka: string;
}

/** Exported for its test. The stock images have the versions that the packages have. */
export function imageRecipes(
  source: LocalSettings['imageSource'],
  base: Recipe,
  authority: string,
): Record<keyof Images, Recipe> {
  const packages = {
    milvus: milvusRecipe(imageTag(base), authority),
    etcd: etcdRecipe(),
    kafka: kafkaRecipe(imageTag(base)),
  };
  if (source === 'packages') return packages;
  const { milvus, etcd, kafka } = packages;
  return stockRecipes({ milvus: milvus.version, etcd: etcd.version, kafka: kafka.version }, authority);
}

export async function ensureImages(settings: LocalSettings, report: (line: string) => void): Promise<Images> {
  const { caFile } = await ensureAuthority(settings);
  const base = baseRecipe();
  const recipes = imageRecipes(settings.imageSource, base, caFile);
  await ensureBuilt(settings, Object.values(recipes), base, report);
  return { milvus: imageTag(recipes.milvus), etcd: imageTag(recipes.etcd), kafka: imageTag(recipes.kafka) };
}

/** Only the tests of the emulator need it, hence not with the others. */
export async function ensureProbeImage(settings: LocalSettings, report: (line: string) => void): Promise<string> {
  const recipe = probeRecipe();
  await ensureBuilt(settings, [recipe], baseRecipe(), report);
  return imageTag(recipe);
}

/** Only a test of upgrades needs it. */
export async function ensurePreviousEtcdImage(
  settings: LocalSettings,
  report: (line: string) => void,
): Promise<string> {
  const recipe = previousEtcdRecipe();
  await ensureBuilt(settings, [recipe], baseRecipe(), report);
  return imageTag(recipe);
}
