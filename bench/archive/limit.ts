/** The plain Go client of bench/archive/limit: built, and run once. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { LocalSettings } from '../../local/settings.ts';

const answerSchema = z.object({ keys: z.number(), seconds: z.number().positive() });

export async function buildLimit(settings: LocalSettings): Promise<string> {
  const program = join(settings.cacheDir, 'bench', 'etcd-limit');
  mkdirSync(join(settings.cacheDir, 'bench'), { recursive: true });
  // Go builds only what has changed.
  await execa('go', ['build', '-mod=readonly', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'limit'),
    env: { CGO_ENABLED: '0', GOWORK: 'off' },
  });
  return program;
}

/** Keys a second. */
export async function runLimit(
  program: string,
  command: 'put' | 'read',
  endpoints: readonly string[],
  keys: number,
): Promise<number> {
  const { stdout } = await execa(program, ['-endpoints', endpoints.join(','), '-keys', String(keys), command]);
  const answer = answerSchema.parse(JSON.parse(stdout));
  if (answer.keys !== keys) throw new Error(`The limit ${command} ${answer.keys} keys, not ${keys}.`);
  return answer.keys / answer.seconds;
}
