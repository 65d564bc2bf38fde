/** Programs that only `npm run check` needs, each of one version, in the shared cache. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LocalSettings } from '../settings.ts';
import { withLock } from './lock.ts';
import { ensureEnvironment } from './python.ts';

type Report = (line: string) => void;

/** An environment of its own: checkov and the emulator do not agree on the version of boto3. */
const CHECKOV = fileURLToPath(new URL('checkov.txt', import.meta.url));

export async function ensureCheckov(settings: LocalSettings, report: Report): Promise<string> {
  return join(dirname(await ensureEnvironment(settings, CHECKOV, report)), 'checkov');
}

const ACTIONLINT = 'v1.7.12';

/** Built from its Go module; its packages on PyPI would download a program from elsewhere when they are installed. */
export async function ensureActionlint({ cacheDir }: LocalSettings, report: Report): Promise<string> {
  const folder = join(cacheDir, `actionlint-${ACTIONLINT}`);
  const program = join(folder, 'actionlint');
  if (existsSync(folder)) return program;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    report('building actionlint (about 20 s the first time)');
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    const args = ['install', `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`];
    const { failed, all } = await execa('go', args, {
      env: { GOBIN: unfinished, GOFLAGS: '', GOWORK: 'off' },
      reject: false,
      all: true,
    });
    if (failed) {
      throw new Error(
        `go ${args.join(' ')} failed. Go 1.21 or later and a module proxy that it can reach are needed.\n${all}`,
      );
    }
    // All or nothing: a folder of this name is complete.
    renameSync(unfinished, folder);
  });
  return program;
}
