/** Containers that live in the future: every one that starts while the clock is shifted, Milvus and Kafka among them. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { runtimeFolders } from '../../local/runtime/configuration.ts';
import type { LocalSettings } from '../../local/settings.ts';

const FOLDER = join(import.meta.dirname, 'clock');

const libraryFolder = (settings: LocalSettings) => join(settings.stateDir, 'clock');
const hookFile = (settings: LocalSettings) => join(runtimeFolders(settings).hooks, 'clock.json');

/** Podman reads its hooks anew for each container that it starts. */
export async function shiftClock(settings: LocalSettings, seconds: number): Promise<void> {
  const folder = libraryFolder(settings);
  mkdirSync(folder, { recursive: true });
  const library = join(folder, 'shift.so');
  try {
    await execa('cc', ['-O2', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library, join(FOLDER, 'shift.c')]);
  } catch (cause) {
    throw new Error(
      'The library that shifts the clock could not be built. Is gcc there (apt-get install gcc libc6-dev)?',
      {
        cause,
      },
    );
  }
  const hook = {
    version: '1.0.0',
    hook: { path: '/usr/bin/python3', args: ['python3', join(FOLDER, 'hook.py'), library, String(seconds)] },
    when: { always: true },
    stages: ['precreate'],
  };
  writeFileSync(hookFile(settings), JSON.stringify(hook));
}

export function restoreClock(settings: LocalSettings): void {
  rmSync(hookFile(settings), { force: true });
}

/** What has lived in the future cannot be gone on with: it stays so until `npm run clean`. */
export function refuseShifted(settings: LocalSettings): void {
  if (!existsSync(libraryFolder(settings))) return;
  throw new Error('The data here has lived in the future in an earlier run. Run `npm run clean`, then again.');
}
