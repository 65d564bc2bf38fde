/**
 * Step Functions ends an execution with States.QueryEvaluationError where an expression reads a variable that no state on the way
 * has assigned, and nothing says so before: neither asl-validator nor the emulator knows which way was taken.
 */
import jsonata from 'jsonata';
import { edgesFrom, machineNames, machineOf, type Machine, type State } from './machine.ts';

/** The context, and what Step Functions adds to JSONata's own functions. */
const GIVEN = new Set(['states', 'partition', 'range', 'hash', 'random', 'uuid', 'parse']);
/** JSONata's own functions. */
const OWN = new Set(Object.keys(environmentOf()));

function environmentOf(): Record<string, unknown> {
  // Functions are looked up like variables; a name is one when calling it does not say that it is none.
  const names = [
    ...[
      'sum',
      'count',
      'max',
      'min',
      'average',
      'string',
      'substring',
      'substringBefore',
      'substringAfter',
      'lowercase',
    ],
    ...['uppercase', 'length', 'trim', 'pad', 'match', 'contains', 'replace', 'split', 'join', 'formatNumber'],
    ...['formatBase', 'formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power'],
    ...['boolean', 'not', 'map', 'zip', 'filter', 'single', 'reduce', 'sift', 'keys', 'lookup', 'append', 'exists'],
    ...['spread', 'merge', 'reverse', 'each', 'error', 'assert', 'type', 'sort', 'shuffle', 'distinct', 'base64encode'],
    ...['base64decode', 'now', 'millis', 'fromMillis', 'toMillis', 'clone'],
  ];
  return Object.fromEntries(names.map((name) => [name, true]));
}

/** Names of the variables that an expression reads and does not bind itself. */
function readBy(expression: string): Set<string> {
  const read = new Set<string>();
  const visit = (node: unknown, bound: ReadonlySet<string>): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      let inside = bound;
      for (const one of node as unknown[]) {
        visit(one, inside);
        inside = new Set([...inside, ...boundBy(one)]);
      }
      return;
    }
    const { type, value, ...rest } = node as { type?: string; value?: unknown; arguments?: unknown };
    if (type === 'variable' && typeof value === 'string' && value !== '' && value !== '$' && !bound.has(value))
      read.add(value);
    const parameters = type === 'lambda' ? (rest.arguments as { value: string }[]).map((one) => one.value) : [];
    const inside = new Set([...bound, ...parameters, ...boundBy(node)]);
    for (const [key, inner] of Object.entries(rest)) if (type !== 'lambda' || key !== 'arguments') visit(inner, inside);
  };
  visit(jsonata(expression).ast(), new Set());
  return new Set([...read].filter((name) => !GIVEN.has(name) && !OWN.has(name)));
}

function boundBy(node: unknown): string[] {
  const { type, lhs } = (node ?? {}) as { type?: string; lhs?: { value?: string } };
  return type === 'bind' && lhs?.value !== undefined ? [lhs.value] : [];
}

/** Expressions in everything that belongs to the state itself: what is inside a branch is looked at with the branch. */
function expressionsIn({ Branches: _, ...state }: State): string[] {
  return [...JSON.stringify(state).matchAll(/"\{%\s(.*?)\s%\}"/g)].map(
    ([, text]) => JSON.parse(`"${text ?? ''}"`) as string,
  );
}

interface Problem {
  readonly state: string;
  readonly reads?: string;
  readonly assignsAgain?: string;
}

/** `outer`: what is assigned for certain around this machine; a branch may read it and must not assign it. */
export function problemsIn({ StartAt, States }: Machine, outer: ReadonlySet<string> = new Set()): Problem[] {
  const certain = new Map<string, ReadonlySet<string>>([[StartAt, outer]]);
  const queue = [StartAt];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const state = States[name];
    const before = certain.get(name);
    if (state === undefined || before === undefined) continue;
    for (const { to, assigns } of edgesFrom(state)) {
      const known = certain.get(to);
      const after = new Set([...before, ...assigns]);
      const both = known === undefined ? after : new Set([...known].filter((one) => after.has(one)));
      if (known?.size === both.size) continue;
      certain.set(to, both);
      queue.push(to);
    }
  }
  return Object.entries(States).flatMap(([name, state]) => {
    const before = certain.get(name) ?? new Set();
    const unknown = expressionsIn(state).flatMap((expression) =>
      [...readBy(expression)].filter((one) => !before.has(one)),
    );
    const again = edgesFrom(state).flatMap(({ assigns }) => assigns.filter((one) => outer.has(one)));
    return [
      ...[...new Set(unknown)].map((reads) => ({ state: name, reads })),
      ...[...new Set(again)].map((assignsAgain) => ({ state: name, assignsAgain })),
      ...(state.Branches ?? []).flatMap((branch) => problemsIn(branch, before)),
    ];
  });
}

test.each(machineNames)('%s reads only variables that are assigned on every way', (name) => {
  expect(problemsIn(machineOf(name))).toEqual([]);
});

describe('the check itself', () => {
  const machine: Machine = {
    StartAt: 'Look',
    States: {
      Look: {
        Type: 'Task',
        Assign: { seen: '{% $states.result %}' },
        Next: 'Decide',
        Catch: [{ ErrorEquals: ['States.ALL'], Assign: { failure: '{% $states.errorOutput %}' }, Next: 'Tell' }],
      },
      Decide: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $count($seen[$ > 1]) > 0 %}', Assign: { failure: '{% $seen %}' }, Next: 'Tell' }],
        Default: 'Done',
      },
      Tell: { Type: 'Fail', Error: '{% ($text := $string($failure); $text) %}' },
      Done: { Type: 'Succeed' },
    },
  };
  const withTell = (Error: string): Machine => ({
    ...machine,
    States: { ...machine.States, Tell: { Type: 'Fail', Error } },
  });

  test('lets pass what each way assigns, what an expression binds, and a function', () => {
    expect(problemsIn(machine)).toEqual([]);
    expect(problemsIn(withTell('{% $map([1], function($one) { $one + 1 }) %}'))).toEqual([]);
  });

  test('finds what only one way assigns, and what nobody does', () => {
    expect(problemsIn(withTell('{% $seen %}'))).toEqual([{ state: 'Tell', reads: 'seen' }]);
    expect(problemsIn(withTell('{% $failures %}'))).toEqual([{ state: 'Tell', reads: 'failures' }]);
  });

  test('finds a branch that assigns what the machine around it has assigned', () => {
    const branch: Machine = {
      StartAt: 'In',
      States: { In: { Type: 'Pass', Assign: { seen: 1 }, Next: 'End' }, End: { Type: 'Succeed' } },
    };
    const States = { ...machine.States, Done: { Type: 'Parallel', Branches: [branch] } };
    expect(problemsIn({ ...machine, States })).toEqual([{ state: 'In', assignsAgain: 'seen' }]);
  });
});
