/**
 * The Python that the emulator, the template linter and their tests run in: a virtual environment in the shared cache,
 * one for each state of requirements.txt.
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

export function pythonFolder(cacheDir: string, requirements: string): string {
  return join(cacheDir, `python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`);
}

/** Path of the interpreter; installs the packages on first use. */
export async function ensurePython(settings: LocalSettings, report: (line: string) => void): Promise<string> {
  const folder = pythonFolder(settings.cacheDir, readFileSync(REQUIREMENTS, 'utf8'));
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, '.complete');
  if (existsSync(complete)) return python;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) return;
    report('installing Python packages (about 20 s the first time)');
    rmSync(folder, { recursive: true, force: true });
    const steps: [string, string[]][] = [
      ['python3', ['-m', 'venv', folder]],
      [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', REQUIREMENTS]],
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
