/** All that was acknowledged is there, and nothing else; seen twice over: by ids and by Milvus' own count. */
import { count, ids } from './rows.ts';
import { COLLECTION, type World } from './world.ts';

export interface Rows {
  readonly found: ReadonlySet<number>;
  readonly counted: number;
}

export const seeRows = (world: World): Promise<Rows> =>
  world.withMilvus(async (milvus) => ({
    found: await ids(milvus, COLLECTION),
    counted: await count(milvus, COLLECTION),
  }));

export function expectSameRows({ acknowledged, uncertain }: World, { found, counted }: Rows): void {
  expect({
    missing: [...acknowledged].filter((id) => !found.has(id)),
    unknown: [...found].filter((id) => !acknowledged.has(id) && !uncertain.has(id)),
    counted,
  }).toEqual({ missing: [], unknown: [], counted: found.size });
}

export async function sameRows(world: World): Promise<void> {
  expectSameRows(world, await seeRows(world));
  process.stderr.write(`${world.acknowledged.size} rows acknowledged, and found\n`);
}
