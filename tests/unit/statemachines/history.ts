/**
 * How many events the history of one execution can have at most, from the definition of its machine: Step Functions ends an
 * execution whose history is full (25,000 events), and nothing says so before.
 *
 * Inside a loop an execution goes round by simple cycles. One that counts itself can come as often as its count lets it;
 * all others share the seconds that the loop has, which are bounded by a deadline that each of them looks at, or by the
 * timeout of the machine. So the dearest of them, in events a second, bounds what all of them write.
 */
import jsonata from 'jsonata';
import { WAITS } from '../../../functions/common/lambda/wait-budget.ts';
import { countOn, deadlinesOn } from './guards.ts';
import { cyclesOf, loopsOf, type Loop, type Passage } from './loops.ts';
import { placeholder, type Machine, type State } from './machine.ts';

/** Entered and exited. */
const STATE = 2;
/** Scheduled, started, and how it ended. */
const ATTEMPT = 3;
/** Entered, started, succeeded, exited. */
const PARALLEL = 4;
/** Started, and how it ended. */
const EXECUTION = 2;
/**
 * Of a delay with full jitter: half of it on average, and never less than a quarter in the sum of the hundreds that it takes to
 * matter (Hoeffding: of 200 delays with a probability of 1e-11).
 */
const JITTERED = 1 / 4;

interface Attempt {
  readonly events: number;
  readonly seconds: number;
}

const eventsOfAttempt = ({ Resource = '' }: State) => ATTEMPT + (/\.(waitForTaskToken|sync:2)$/.test(Resource) ? 1 : 0);

function retriesOf(state: State): Attempt[] {
  return (state.Retry ?? []).flatMap(
    ({ MaxAttempts = 3, IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy }) =>
      Array.from({ length: MaxAttempts }, (_, n) => ({
        events: eventsOfAttempt(state),
        seconds:
          Math.min(IntervalSeconds * BackoffRate ** n, MaxDelaySeconds) * (JitterStrategy === 'FULL' ? JITTERED : 1),
      })),
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

/** Without a retry. */
function fewestEvents(state: State): number {
  return state.Type === 'Task' ? STATE + eventsOfAttempt(state) : STATE;
}

/** With all of its retries. */
function mostEvents(state: State, around: Around): number {
  if (state.Branches !== undefined)
    return PARALLEL + sum(state.Branches.map((branch) => eventsIn(branch, around).total));
  return fewestEvents(state) + sum(retriesOf(state).map(({ events }) => events));
}

/** What a branch has from the machine that it is a part of. */
interface Around {
  readonly timeoutSeconds: number;
  /** Seconds, by the name of the variable. */
  readonly deadlines: ReadonlyMap<string, number>;
}

const functionOf = ({ Arguments }: State): string | undefined => {
  const { FunctionName } = (Arguments ?? {}) as { readonly FunctionName?: string };
  return placeholder(FunctionName, 'Function');
};

/** What is certain to pass on the way round: waits, timeouts, and functions that have looked for as long as they may. */
function secondsOf(machine: Machine, cycle: readonly Passage[]): number {
  return sum(
    cycle.map(({ from, by, errors }, index) => {
      const state = machine.States[from];
      if (state?.Type === 'Wait') return typeof state.Seconds === 'number' ? state.Seconds : 0;
      if (by === 'catch' && errors.join() === 'States.Timeout') {
        const again = state?.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout'))?.MaxAttempts ?? 0;
        return (1 + again) * (state?.TimeoutSeconds ?? 0);
      }
      const before = machine.States[cycle.at(index - 1)?.from ?? ''];
      const name = before === undefined ? undefined : functionOf(before);
      // The choice after a function that waits: by its default goes what is not ready yet.
      if (by !== 'default' || name === undefined || !isWaiting(name)) return 0;
      return (WAITS[name].budgetMs - WAITS[name].intervalMs) / 1_000;
    }),
  );
}
const isWaiting = (name: string): name is keyof typeof WAITS => Object.hasOwn(WAITS, name);

/** Events a second, with as many retries as make it worst. */
function rateOf(machine: Machine, cycle: readonly Passage[]): number {
  const states = cycle.flatMap(({ from }) => machine.States[from] ?? []);
  let events = sum(states.map(fewestEvents));
  let seconds = secondsOf(machine, cycle);
  for (const retry of states.flatMap(retriesOf).toSorted((a, b) => a.seconds / a.events - b.seconds / b.events)) {
    if (events * retry.seconds >= retry.events * seconds) break;
    events += retry.events;
    seconds += retry.seconds;
  }
  return events / seconds;
}

export interface LoopBound {
  /** How long it can go on. */
  readonly seconds: number;
  readonly events: number;
}

function boundOf(machine: Machine, loop: Loop, around: Around): LoopBound {
  const most = (names: readonly string[]) =>
    sum(names.flatMap((name) => machine.States[name] ?? []).map((state) => mostEvents(state, around)));
  const counted = new Map<string, { times: number; events: number }>();
  const timed: Passage[][] = [];
  for (const cycle of cyclesOf(loop)) {
    const count = countOn(loop, cycle);
    if (count === undefined) {
      timed.push(cycle);
      continue;
    }
    const before = counted.get(count.variable);
    const events = Math.max(before?.events ?? 0, most(cycle.map(({ from }) => from)));
    counted.set(count.variable, { times: Math.max(before?.times ?? 0, count.times), events });
  }
  const seconds = Math.max(0, ...timed.map((cycle) => deadlineOf(loop, cycle, around)));
  const rate = Math.max(0, ...timed.map((cycle) => rateOf(machine, cycle)));
  // One way through, and the turn that finds the deadline passed.
  const once = 2 * most(loop.states);
  const events = seconds * rate + sum([...counted.values()].map(({ times, events }) => times * events)) + once;
  return { seconds, events: Math.ceil(events) };
}

function deadlineOf(loop: Loop, cycle: readonly Passage[], { timeoutSeconds, deadlines }: Around): number {
  const own = deadlinesOn(loop, cycle).flatMap((name) =>
    // Put off inside the loop it bounds one part of it alone.
    loop.passages.some(({ assigns }) => Object.hasOwn(assigns, name)) ? [] : (deadlines.get(name) ?? []),
  );
  return Math.min(timeoutSeconds, ...own);
}

function eventsIn(machine: Machine, around: Around): History {
  const loops = loopsOf(machine);
  const bounds = loops.map((loop) => [loop.states[0] ?? '', boundOf(machine, loop, around)] as const);
  const looping = loops.flatMap(({ states }) => states);
  const others = Object.entries(machine.States).filter(([name]) => !looping.includes(name));
  const inBranches = others.flatMap(([, { Branches = [] }]) =>
    Branches.map((branch) => eventsIn(branch, around).loops),
  );
  return {
    loops: Object.assign({}, Object.fromEntries(bounds), ...inBranches) as Record<string, LoopBound>,
    total: sum([...bounds.map(([, { events }]) => events), ...others.map(([, state]) => mostEvents(state, around))]),
  };
}

/** Everything that is assigned anywhere, by the name of its variable. */
function assignedIn({ States }: Machine): (readonly [string, unknown])[] {
  return Object.values(States).flatMap(({ Assign = {}, Choices = [], Catch = [], Branches = [] }) => [
    ...[Assign, ...[...Choices, ...Catch].map((step) => step.Assign ?? {})].flatMap((one) => Object.entries(one)),
    ...Branches.flatMap(assignedIn),
  ]);
}

/** Of every variable that is so many seconds from when it is assigned: the most of them. */
async function deadlinesIn(machine: Machine, inputs: readonly object[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const [name, value] of assignedIn(machine)) {
    if (typeof value !== 'string' || !value.includes('$millis() +')) continue;
    const expression = jsonata(value.slice('{%'.length, -'%}'.length).replaceAll('$millis()', '0'));
    for (const Input of inputs) {
      const states = { context: { Execution: { Input } } };
      const milliseconds: unknown = await expression.evaluate({}, { states });
      if (typeof milliseconds !== 'number') throw new Error(`${name} is no deadline: ${value}`);
      found.set(name, Math.max(found.get(name) ?? 0, milliseconds / 1_000));
    }
  }
  return found;
}

export interface History {
  /** By the first state of each. */
  readonly loops: Readonly<Record<string, LoopBound>>;
  readonly total: number;
}

/** `inputs`: what may be asked of the machine that matters for how long it goes on. */
export async function historyOf(machine: Machine, inputs: readonly object[] = [{}]): Promise<History> {
  const deadlines = await deadlinesIn(machine, inputs);
  const { loops, total } = eventsIn(machine, { timeoutSeconds: machine.TimeoutSeconds ?? Infinity, deadlines });
  return { loops, total: EXECUTION + total };
}
