/**
 * When a cluster may fall asleep: what its owner decides. Part of the body of POST /clusters, and the body of
 * PUT /clusters/{name}/idle.
 */
import { Cron } from 'croner';
import { z } from 'zod';

const DAY = 24 * 60;

const minutes = (from: number, to: number) =>
  z
    .int('must be a whole number of minutes')
    .min(from, `must be at least ${from} ${from === 1 ? 'minute' : 'minutes'}`)
    .max(to, `must be at most ${to} minutes`);

const keepAwakeSchema = z
  .strictObject({
    start: z.string().max(100, 'must have at most 100 characters').meta({
      description: 'When the window begins: a cron pattern of five parts (minute hour day month weekday).',
      example: '0 8 * * 1-5',
    }),
    duration: minutes(1, 7 * DAY).meta({ description: 'Minutes from its beginning to its end.', example: 600 }),
    timeZone: z.string().max(64, 'must have at most 64 characters').default('UTC').meta({
      description: 'IANA time zone of the pattern. Where clocks go forward over the beginning, it moves with them.',
      example: 'Europe/Berlin',
    }),
  })
  .superRefine(({ start, timeZone }, context) => {
    const zoneIsKnown = isTimeZone(timeZone);
    if (!zoneIsKnown) {
      context.addIssue({
        code: 'custom',
        path: ['timeZone'],
        message: 'must be an IANA time zone, like Europe/Berlin',
      });
    }
    const problem = patternProblem(start);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['start'], message: problem });
  });

export const idlePolicySchema = z
  .strictObject({
    window: minutes(1, 30 * DAY)
      .default(30)
      .meta({ description: 'Minutes without a request after which the cluster falls asleep.' }),
    minimumAwake: minutes(0, 30 * DAY)
      .default(0)
      .meta({ description: 'Minutes that it stays awake at least, from the moment it woke up.' }),
    keepAwake: z
      .array(keepAwakeSchema)
      .max(20, 'must have at most 20 entries')
      .default([])
      .meta({ description: 'Times in which it does not fall asleep. They do not wake it.' }),
    never: z.boolean().default(false).meta({ description: 'It never falls asleep by itself.' }),
  })
  .meta({ id: 'IdlePolicy' });

export type IdlePolicy = z.infer<typeof idlePolicySchema>;
export type KeepAwake = IdlePolicy['keepAwake'][number];

/** Of a record that may be older than the field. */
export function idlePolicyOf(spec: { readonly idle?: IdlePolicy }): IdlePolicy {
  return spec.idle ?? idlePolicySchema.parse({});
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Windows that go into one another are followed this far (a millisecond each); what comes later is seen when it is later. */
const CHAIN_LIMIT = 50;
const MINUTE_MS = 60_000;

const pattern = (start: string, timeZone: string) => new Cron(start, { timezone: timeZone, mode: '5-part' });

const FIVE_PARTS = /^\S+(?: +\S+){4}$/;

function patternProblem(start: string): string | undefined {
  try {
    // The library takes dates and names like @daily as well; one way to write it is enough.
    if (!FIVE_PARTS.test(start)) throw new SyntaxError(start);
    return pattern(start, 'UTC').nextRun(new Date(0)) === null ? 'never comes: no day has this date' : undefined;
  } catch {
    return 'must be a cron pattern of five parts (minute hour day month weekday), like 0 8 * * 1-5';
  }
}

/**
 * The end of the keep-awake time that holds now, windows that go into one another taken together (as far as they are
 * followed); undefined when none does. A window holds from its first moment on, up to but without its end.
 */
export function keptAwakeUntil(windows: readonly KeepAwake[], now: Date): Date | undefined {
  let end: number | undefined;
  for (let round = 0; round < CHAIN_LIMIT; round += 1) {
    const at = end ?? now.getTime();
    const later = windows.flatMap((window) => endsCovering(window, at));
    const latest = later.length === 0 ? undefined : Math.max(...later);
    if (latest === undefined || latest <= at) break;
    end = latest;
  }
  return end === undefined ? undefined : new Date(end);
}

/** The ends of those of its occurrences that hold at this moment: the last of them is enough. */
function endsCovering({ start, duration, timeZone }: KeepAwake, at: number): number[] {
  const [latest] = pattern(start, timeZone).previousRuns(1, new Date(at + 1));
  const end = latest === undefined ? undefined : latest.getTime() + duration * MINUTE_MS;
  return end !== undefined && end > at ? [end] : [];
}
