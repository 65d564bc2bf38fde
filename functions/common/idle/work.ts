/**
 * What Milvus does without being asked any more: imports, compactions, index builds. None of it is lost when it is cut off
 * (Milvus begins it again), but a cluster that sleeps in the middle of it would never get it done. Pure.
 */
import { boundedNames } from '../lambda/bounded.ts';

export const WORK_KINDS = ['import', 'compaction', 'index build'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** One look at one kind: how many run, or why that cannot be seen. */
export type WorkObservation =
  { readonly kind: WorkKind; readonly running: number } | { readonly kind: WorkKind; readonly problem: string };

export type Work =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly running: readonly { readonly kind: WorkKind; readonly count: number }[] }
  | { readonly state: 'unseen'; readonly problems: readonly string[] };

/** Work that is seen to run outweighs what cannot be seen; nothing runs only when everything was seen not to. */
export function judgeWork(observations: readonly WorkObservation[]): Work {
  const running = WORK_KINDS.map((kind) => ({
    kind,
    count: observations.reduce((sum, seen) => sum + (seen.kind === kind && 'running' in seen ? seen.running : 0), 0),
  })).filter(({ count }) => count > 0);
  if (running.length > 0) return { state: 'running', running };
  const problems = [
    ...observations.flatMap((seen) => ('problem' in seen ? [`${seen.kind}: ${seen.problem}`] : [])),
    ...WORK_KINDS.filter((kind) => !observations.some((seen) => seen.kind === kind)).map(
      (kind) => `${kind}: nobody can be asked`,
    ),
  ];
  return problems.length > 0 ? { state: 'unseen', problems } : { state: 'none' };
}

export function workReason(work: Exclude<Work, { state: 'none' }>): string {
  if (work.state === 'unseen')
    return `what Milvus does by itself cannot be seen (${boundedNames(work.problems, '; ')})`;
  const parts = work.running.map(({ kind, count }) => (count === 1 ? `${an(kind)} ${kind}` : `${count} ${kind}s`));
  const many = work.running.length > 1 || (work.running[0]?.count ?? 0) > 1;
  return `${parts.join(' and ')} ${many ? 'run' : 'runs'}`;
}

const an = (word: string) => (/^[aeiou]/.test(word) ? 'an' : 'a');
