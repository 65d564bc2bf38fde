/**
 * Long-lived parts of local mode as processes: started once, found again by a later command, ended by process id.
 *
 * Each has a record in `<stateDir>/processes/<name>.json` and a log in `<logDir>/<name>.log`. A process id alone can be
 * somebody else's after a reboot, so the record also keeps the kernel's start time of the process.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalSettings } from './settings.ts';

export interface Daemon {
  /** File-name safe and unique: `emulator`, `dns`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

interface DaemonRecord {
  readonly pid: number;
  readonly startTime: string;
}

const recordFolder = (settings: LocalSettings) => join(settings.stateDir, 'processes');
const recordFile = (settings: LocalSettings, name: string) => join(recordFolder(settings), `${name}.json`);
export const logFile = (settings: LocalSettings, name: string) => join(settings.logDir, `${name}.log`);

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined when there is no such process or it is only waiting to be reaped. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function readRecord(settings: LocalSettings, name: string): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(settings, name), 'utf8')) as DaemonRecord;
  } catch {
    return undefined;
  }
}

/** The process id when the part runs, else undefined. */
export function runningPid(settings: LocalSettings, name: string): number | undefined {
  const record = readRecord(settings, name);
  return record !== undefined && startTimeOf(record.pid) === record.startTime ? record.pid : undefined;
}

export function startDaemon(settings: LocalSettings, daemon: Daemon): number {
  const running = runningPid(settings, daemon.name);
  if (running !== undefined) return running;
  mkdirSync(recordFolder(settings), { recursive: true });
  mkdirSync(settings.logDir, { recursive: true });
  const log = openSync(logFile(settings, daemon.name), 'a');
  try {
    const child = spawn(daemon.command, daemon.args, {
      cwd: settings.root,
      env: { ...process.env, ...daemon.env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    const pid = child.pid;
    const startTime = pid === undefined ? undefined : startTimeOf(pid);
    if (pid === undefined || startTime === undefined) {
      throw new Error(`${daemon.command} did not start. Log: ${logFile(settings, daemon.name)}`);
    }
    child.unref();
    writeFileSync(recordFile(settings, daemon.name), JSON.stringify({ pid, startTime } satisfies DaemonRecord));
    return pid;
  } finally {
    closeSync(log);
  }
}

/**
 * Ends the part and the process group it leads: SIGTERM, then SIGKILL after `graceMs`. Returns when it is gone; nothing
 * happens when it does not run.
 */
export async function stopDaemon(settings: LocalSettings, name: string, graceMs = 5_000): Promise<void> {
  const pid = runningPid(settings, name);
  if (pid !== undefined) {
    const deadline = Date.now() + graceMs;
    let signal: NodeJS.Signals = 'SIGTERM';
    signalGroup(pid, signal);
    while (runningPid(settings, name) !== undefined) {
      if (signal === 'SIGTERM' && Date.now() > deadline) {
        signal = 'SIGKILL';
        signalGroup(pid, signal);
      }
      await sleep(20);
    }
    // What the leader left behind in its group (worker processes of the emulator, for one).
    signalGroup(pid, 'SIGKILL');
  }
  rmSync(recordFile(settings, name), { force: true });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // No process is left in the group: that is what the signal was for.
  }
}

export function startedDaemons(settings: LocalSettings): string[] {
  try {
    return readdirSync(recordFolder(settings)).map((file) => file.replace(/\.json$/, ''));
  } catch {
    return [];
  }
}

/** Last lines of a part's log, for error messages. */
export function logTail(settings: LocalSettings, name: string, lines = 15): string {
  try {
    return readFileSync(logFile(settings, name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

/**
 * Waits until `ready` returns true. Fails as soon as the part has died, or at the deadline, and says where its log is.
 */
export async function awaitDaemon(
  settings: LocalSettings,
  name: string,
  ready: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready().catch(() => false))) {
    const dead = runningPid(settings, name) === undefined;
    if (dead || Date.now() > deadline) {
      throw new Error(
        `${name} ${dead ? 'ended while it started' : `was not ready within ${Math.round(timeoutMs / 1000)} s`}. ` +
          `Log: ${logFile(settings, name)}\n${logTail(settings, name)}`,
      );
    }
    await sleep(50);
  }
}
