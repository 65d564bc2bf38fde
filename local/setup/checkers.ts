/** Programs that only `npm run check` needs, each of one version, in the shared cache. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LocalSettings } from '../settings.ts';
import { ensureFolder } from './folder.ts';
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
  await ensureFolder(folder, async (aside) => {
    report('building actionlint (about 20 s the first time)');
    const args = ['install', `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`];
    const { failed, all } = await execa('go', args, {
      env: { GOBIN: aside, GOFLAGS: '', GOWORK: 'off' },
      reject: false,
      all: true,
    });
    if (failed) {
      throw new Error(
        `go ${args.join(' ')} failed. Go 1.21 or later and a module proxy that it can reach are needed.\n${all}`,
      );
    }
  });
  return join(folder, 'actionlint');
}
