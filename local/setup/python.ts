/**
 * Virtual environments in the shared cache, one for each state of the list of packages that it is made of: what the emulator,
 * the template linter and their tests run in, and the Python client of Milvus, which only tests need.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LocalSettings } from '../settings.ts';
import { withLock } from './lock.ts';

/** Every version is pinned, transitive ones too (`pip freeze`). MiniStack runs ECS tasks as containers only with `docker`. */
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** pymilvus without pyarrow (170 MB), which it asks for and needs only to write files for bulk inserts. */
const CLIENTS = fileURLToPath(new URL('clients.txt', import.meta.url));

export function pythonFolder(cacheDir: string, requirements: string): string {
  return join(cacheDir, `python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`);
}

type Report = (line: string) => void;

/** Path of the interpreter; installs the packages on first use. */
export const ensurePython = (settings: LocalSettings, report: Report): Promise<string> =>
  ensureEnvironment(settings, REQUIREMENTS, report);

/** The same for the interpreter that has pymilvus. */
export const ensureClientPython = (settings: LocalSettings, report: Report): Promise<string> =>
  ensureEnvironment(settings, CLIENTS, report);

/** The same for any file of requirements: some are needed by one command only. */
export async function ensureEnvironment(
  settings: LocalSettings,
  requirements: string,
  report: Report,
): Promise<string> {
  const folder = pythonFolder(settings.cacheDir, readFileSync(requirements, 'utf8'));
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, '.complete');
  if (existsSync(complete)) return python;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) return;
    report('installing Python packages (about 20 s the first time)');
    rmSync(folder, { recursive: true, force: true });
    const steps: [string, string[]][] = [
      ['python3', ['-m', 'venv', folder]],
      [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements]],
    ];
    for (const [command, args] of steps) {
      const { failed, all } = await execa(command, args, { reject: false, all: true });
      if (failed) {
        throw new Error(
          `${command} ${args.join(' ')} failed. Python 3.10 or later with venv and a package index pip can reach are needed.\n${all}`,
        );
      }
    }
    writeFileSync(complete, '');
  });
  return python;
}
