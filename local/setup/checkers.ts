/** Programs that only `npm run check` needs, each of one version, in the shared cache. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LocalSettings } from '../settings.ts';
import { withLock } from './lock.ts';
import { ensureEnvironment } from './python.ts';

/** An environment of its own: checkov and the emulator do not agree on the version of boto3. */
const CHECKOV = fileURLToPath(new URL('checkov.txt', import.meta.url));

export async function ensureCheckov(settings: LocalSettings, report: (line: string) => void): Promise<string> {
  return join(dirname(await ensureEnvironment(settings, CHECKOV, report)), 'checkov');
}

const ACTIONLINT = 'v1.7.12';

/** Built from its Go module; its packages on PyPI would download a program from elsewhere when they are installed. */
export async function ensureActionlint({ cacheDir }: LocalSettings): Promise<string> {
  const folder = join(cacheDir, `actionlint-${ACTIONLINT}`);
  const program = join(folder, 'actionlint');
  if (existsSync(program)) return program;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(program)) return;
    await execa('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`], {
      env: { GOBIN: folder },
    });
  });
  return program;
}
