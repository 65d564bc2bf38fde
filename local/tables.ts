/**
 * `npm run tables`: the tables of docs/scale.md, docs/cost.md, docs/deploy-aws.md and the README that are reckoned from the code. `--check` fails when
 * one of them is not what the code says now.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { clusterNeeds, deploymentNeeds } from '../scale/product.ts';
import { say } from './report.ts';
import type { LocalSettings } from './settings.ts';
import { costTables } from './tables/cost.ts';
import { replaceBlock } from './tables/markdown.ts';
import { parameterTable } from './tables/parameters.ts';
import { scaleTables } from './tables/scale.ts';

/** Documents, with the tables that they have by their names. */
function documents(root: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const { summary = '', ...cost } = costTables();
  return {
    'docs/scale.md': scaleTables(clusterNeeds(), deploymentNeeds()),
    'docs/cost.md': cost,
    'docs/deploy-aws.md': { parameters: parameterTable(root) },
    'README.md': { summary },
  };
}

/** Each document that is not what it should be, with what it should be. */
export async function staleDocuments(root: string): Promise<Map<string, string>> {
  const stale = new Map<string, string>();
  for (const [name, tables] of Object.entries(documents(root))) {
    const file = join(root, name);
    const text = readFileSync(file, 'utf8');
    const replaced = Object.entries(tables).reduce(
      (rest, [block, content]) => replaceBlock(rest, block, content),
      text,
    );
    const wanted = await format(replaced, { ...(await resolveConfig(file)), parser: 'markdown' });
    if (wanted !== text) stale.set(name, wanted);
  }
  return stale;
}

export async function tables({ root }: LocalSettings, args: readonly string[]): Promise<boolean> {
  const stale = await staleDocuments(root);
  const names = [...stale.keys()].join(', ');
  if (args.includes('--check')) {
    if (stale.size > 0)
      say(`Tables are not what the code says: ${names}. Run \`npm run tables\` and commit the result.`);
    return stale.size === 0;
  }
  for (const [name, wanted] of stale) writeFileSync(join(root, name), wanted);
  say(stale.size === 0 ? 'All tables are as the code says.' : `Written: ${names}.`);
  return true;
}
