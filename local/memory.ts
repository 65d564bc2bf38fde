/**
 * Memory of everything that runs for this copy: its daemons and its containers, with all their children. Proportional set
 * size: what processes share is counted once, so the sum is what the machine would have back.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { runningPid, startedDaemons } from './processes.ts';
import type { LocalSettings } from './settings.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The roots and everything below them. Pure. */
export function withDescendants(roots: readonly number[], processes: readonly Process[]): Set<number> {
  const found = new Set(roots);
  let size: number;
  do {
    size = found.size;
    for (const { pid, parent } of processes) if (found.has(parent)) found.add(pid);
  } while (found.size > size);
  return found;
}

/** In bytes. */
export function memoryInUse(settings: LocalSettings): number {
  const processes = listProcesses();
  const daemons = startedDaemons(settings).flatMap((name) => runningPid(settings, name) ?? []);
  // A container's processes are children of its monitor, which podman starts apart from itself.
  const monitors = processes.filter(
    ({ command }) => command.startsWith('/usr/bin/conmon') && command.includes(`${settings.stateDir}/`),
  );
  const pids = withDescendants([...daemons, ...monitors.map(({ pid }) => pid)], processes);
  return [...pids].reduce((sum, pid) => sum + proportionalSetSize(pid), 0);
}

function listProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Process[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent, command }];
      } catch {
        // It has ended since the folder was listed.
        return [];
      }
    });
}

function proportionalSetSize(pid: number): number {
  try {
    const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
