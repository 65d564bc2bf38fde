/**
 * One holder at a time across processes and across copies of the repository: image builds and other work in the shared
 * cache. The kernel's lock on a file (flock(1), part of every Debian) is given back when its holder dies, however it
 * dies, so no stale lock can be left behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Runs `action` while holding the lock. `onWait` is called when somebody else holds it now. */
export async function withLock<T>(file: string, action: () => Promise<T>, onWait?: () => void): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  // flock holds the lock as long as `cat` runs, and `cat` runs until its input, which this process owns, is closed.
  const holder = spawn('flock', ['--exclusive', file, '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(holder, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`flock ${file} ended with ${String(code)} before the lock was taken.`);
  });
  ended.catch(() => undefined);
  const waiting = onWait === undefined ? undefined : setTimeout(onWait, 500);
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      ended,
      once(holder, 'error').then(([error]) => Promise.reject(error as Error)),
    ]);
    clearTimeout(waiting);
    return await action();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    // Free when this resolves, and nothing of it keeps the process. What could not even be started never exits.
    if (holder.pid !== undefined) await exited;
  }
}
