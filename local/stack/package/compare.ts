/** Whether local mode deploys the code that AWS would get: compares it with what `serverless package` has just made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { LocalSettings } from '../../settings.ts';
import { packageFunctions } from './functions.ts';
import { readState } from './template.ts';

/** One line a difference. */
export async function compareWithPackage(settings: LocalSettings): Promise<string[]> {
  const folder = join(settings.root, '.serverless');
  const { handlers, bundling } = readState(readFileSync(join(folder, 'serverless-state.json'), 'utf8'));
  const local = await packageFunctions(settings, handlers, bundling, () => undefined);
  return [...local].flatMap(([file, { content }]) => {
    const ours = unzipSync(content);
    const theirs = unzipSync(readFileSync(join(folder, file)));
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names]
      .filter((name) => Buffer.compare(ours[name] ?? Buffer.of(), theirs[name] ?? Buffer.of()) !== 0)
      .map((name) => `${file}: ${name} is not the same`);
  });
}
