import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../../../local/setup/lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'redkite-lock-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('holders never overlap', async () => {
  const events: string[] = [];
  const hold = (name: string) =>
    withLock(join(folder, 'a'), async () => {
      events.push(`${name} in`);
      await new Promise(setImmediate);
      events.push(`${name} out`);
    });
  await Promise.all([hold('1'), hold('2'), hold('3')]);
  expect(events).toHaveLength(6);
  for (let index = 0; index < events.length; index += 2) {
    expect(events[index + 1]).toBe(events[index]?.replace('in', 'out'));
  }
});

test('the lock is free when its holder is done, not a moment later', async () => {
  const file = join(folder, 'c');
  for (let round = 0; round < 20; round += 1) {
    await withLock(file, () => Promise.resolve());
    expect(spawnSync('flock', ['--exclusive', '--nonblock', file, 'true']).status).toBe(0);
  }
});

test('a holder that fails gives the lock back', async () => {
  await expect(withLock(join(folder, 'b'), () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(withLock(join(folder, 'b'), () => Promise.resolve('next'))).resolves.toBe('next');
});

test('a lock that cannot be taken is an error, not a wait', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(withLock(join(folder, 'file', 'lock'), () => Promise.resolve())).rejects.toThrow();
});
