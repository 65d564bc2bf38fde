/**
 * How long a cluster was in which phase, a sum for each month (UTC): what `announce-phase` keeps of every change of phase, and what
 * is made of it. Pure; the item is common/registry/hours.ts.
 */
import { PHASES, type Phase } from '../cluster/phases.ts';

/** A stay in a phase that is over. ISO 8601, as the record has it. */
export interface PhaseStay {
  readonly phase: Phase;
  readonly from: string;
  readonly to: string;
}

/** Of one month. */
export interface MonthSums {
  /** Seconds by phase. */
  readonly seconds: Readonly<Partial<Record<Phase, number>>>;
  /** How often a phase was left. */
  readonly times: Readonly<Partial<Record<Phase, number>>>;
}

export const NO_SUMS: MonthSums = { seconds: {}, times: {} };

export interface MonthPiece {
  /** `2026-11` */
  readonly month: string;
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** The phase was left in this month. */
  readonly last: boolean;
}

export const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
export const monthOf = (moment: Date): string => moment.toISOString().slice(0, 'yyyy-mm'.length);

/** Of a month: its beginning, and that of the next. */
export function monthBounds(month: string): { readonly from: Date; readonly to: Date } {
  const [year = 0, nth = 1] = month.split('-').map(Number);
  return { from: new Date(Date.UTC(year, nth - 1, 1)), to: new Date(Date.UTC(year, nth, 1)) };
}

/** A stay month by month. One that ends before it began (clocks differ) is none. */
export function splitByMonth({ from, to }: Pick<PhaseStay, 'from' | 'to'>): MonthPiece[] {
  const pieces: MonthPiece[] = [];
  const end = Date.parse(to);
  for (let begin = Date.parse(from); begin < end;) {
    const month = monthOf(new Date(begin));
    const until = Math.min(end, monthBounds(month).to.getTime());
    pieces.push({
      month,
      from: new Date(begin).toISOString(),
      to: new Date(until).toISOString(),
      seconds: (until - begin) / 1_000,
      last: until === end,
    });
    begin = until;
  }
  return pieces;
}

/** Whether tasks run. While it has failed they may: a sleep that was given up stops nothing. */
const TASKS_RUN: Readonly<Record<Phase, 'yes' | 'no' | 'perhaps'>> = {
  creating: 'yes',
  awake: 'yes',
  'falling-asleep': 'yes',
  asleep: 'no',
  waking: 'yes',
  recovering: 'yes',
  upgrading: 'yes',
  scaling: 'yes',
  deleting: 'yes',
  failed: 'perhaps',
};

export interface MonthHours {
  readonly month: string;
  /** ISO 8601: up to where the month is told. */
  readonly until: string;
  /** Hours of the month so far in which the cluster existed. */
  readonly elapsed: number;
  /** With tasks: awake, and on the way up or down. */
  readonly running: number;
  readonly asleep: number;
  /** Failed: tasks may have run or not. */
  readonly failed: number;
  /** Of which nothing is kept: from before it was, or a change of phase that was lost. */
  readonly unaccounted: number;
  readonly wakes: number;
  readonly sleeps: number;
}

const HOUR_SECONDS = 3_600;

export interface PresentPhase {
  readonly phase: Phase;
  readonly phaseSince: string;
  readonly createdAt: string;
}

/** The sums of a month, with the phase that the cluster is in now for as long as it is. */
export function monthHours(month: string, sums: MonthSums, present: PresentPhase, now: Date): MonthHours {
  const bounds = monthBounds(month);
  const until = Math.min(now.getTime(), bounds.to.getTime());
  const since = (moment: string) => Math.max(0, until - Math.max(Date.parse(moment), bounds.from.getTime())) / 1_000;
  const of = (phase: Phase) => (sums.seconds[phase] ?? 0) + (present.phase === phase ? since(present.phaseSince) : 0);
  const total = (wanted: 'yes' | 'no' | 'perhaps') =>
    PHASES.filter((phase) => TASKS_RUN[phase] === wanted).reduce((sum, phase) => sum + of(phase), 0);
  const [running, asleep, failed] = [total('yes'), total('no'), total('perhaps')];
  // A record that took the place of a failed one is younger than what is kept under its name.
  const elapsed = Math.max(since(present.createdAt), running + asleep + failed);
  return {
    month,
    until: new Date(Math.max(until, bounds.from.getTime())).toISOString(),
    elapsed: elapsed / HOUR_SECONDS,
    running: running / HOUR_SECONDS,
    asleep: asleep / HOUR_SECONDS,
    failed: failed / HOUR_SECONDS,
    // What is added up in another order may be off by the last digit.
    unaccounted: Math.max(0, elapsed - running - asleep - failed) / HOUR_SECONDS,
    wakes: sums.times.waking ?? 0,
    sleeps: sums.times['falling-asleep'] ?? 0,
  };
}
