/** The loops of a state machine: what can be entered again, and every simple way round. */
import type { Assigned, Machine, State } from './machine.ts';

/** From one state to the next one, by one of the ways that its definition has. */
export interface Passage {
  readonly from: string;
  readonly to: string;
  readonly by: 'next' | 'rule' | 'default' | 'catch';
  readonly assigns: Assigned;
  /** Of the rule. */
  readonly condition?: string;
  /** Rules of the choice that did not hold. */
  readonly refused: readonly { readonly condition: string; readonly to: string }[];
  /** Of the catch. */
  readonly errors: readonly string[];
}

export interface Loop {
  readonly states: readonly string[];
  /** Those that stay inside. */
  readonly passages: readonly Passage[];
}

function passagesFrom(from: string, { Next, Default, Assign = {}, Choices = [], Catch = [] }: State): Passage[] {
  const rules = Choices.map(({ Condition, Next: to }) => ({ condition: Condition, to }));
  const plain = { from, refused: [], errors: [] };
  return [
    ...(Next === undefined ? [] : [{ ...plain, to: Next, by: 'next' as const, assigns: Assign }]),
    ...Choices.map((rule, index) => ({
      ...{ ...plain, to: rule.Next, by: 'rule' as const, assigns: rule.Assign ?? {}, condition: rule.Condition },
      refused: rules.slice(0, index),
    })),
    ...(Default === undefined
      ? []
      : [{ ...plain, to: Default, by: 'default' as const, assigns: Assign, refused: rules }]),
    ...Catch.map(({ Next: to, Assign: assigns = {}, ErrorEquals: errors }) => ({
      ...{ ...plain, to, by: 'catch' as const, assigns, errors },
    })),
  ];
}

export function loopsOf({ States }: Machine): Loop[] {
  const all = Object.entries(States).flatMap(([name, state]) => passagesFrom(name, state));
  const reach = new Map(Object.keys(States).map((name) => [name, reachableFrom(name, all)]));
  const together = (one: string, other: string) =>
    reach.get(one)?.has(other) === true && reach.get(other)?.has(one) === true;
  const found: string[][] = [];
  for (const name of Object.keys(States)) {
    if (!together(name, name) || found.some((states) => states.includes(name))) continue;
    found.push(Object.keys(States).filter((other) => together(name, other)));
  }
  return found.map((states) => ({
    states,
    passages: all.filter(({ from, to }) => states.includes(from) && states.includes(to)),
  }));
}

function reachableFrom(start: string, passages: readonly Passage[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [start];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const { to } of passages.filter(({ from }) => from === name)) {
      if (reached.has(to)) continue;
      reached.add(to);
      queue.push(to);
    }
  }
  return reached;
}

/** Every way round that enters no state twice. Whatever an execution does inside is made of these, and of one way through. */
export function cyclesOf({ states, passages }: Loop): Passage[][] {
  const walk = (start: number, at: string, way: readonly Passage[]): Passage[][] =>
    passages
      .filter(({ from, to }) => from === at && states.indexOf(to) >= start)
      .flatMap((passage) => {
        if (passage.to === states[start]) return [[...way, passage]];
        return way.some(({ to }) => to === passage.to) ? [] : walk(start, passage.to, [...way, passage]);
      });
  return states.flatMap((name, start) => walk(start, name, []));
}
