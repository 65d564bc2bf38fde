/**
 * What can be said of every state machine without running it. Running them is in tests/statemachines.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import { ERRORS } from '../../../functions/common/lambda/errors.ts';

interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly TimeoutSeconds?: number;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Branches?: readonly Machine[];
  readonly Next?: string;
  readonly Default?: string;
  readonly Error?: string;
  readonly Choices?: readonly { readonly Next: string }[];
}
interface Machine {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

const folder = join(import.meta.dirname, '../../../statemachines');
const files = readdirSync(folder).filter((file) => file.endsWith('.asl.json'));
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Machine;

function machines(machine: Machine): Machine[] {
  return [machine, ...Object.values(machine.States).flatMap((state) => (state.Branches ?? []).flatMap(machines))];
}
const states = (file: string) => machines(read(file)).flatMap((machine) => Object.entries(machine.States));
const OUR_ERRORS = new Set([...Object.keys(ERRORS), 'States.Unknown']);

describe.each(files)('%s', (file) => {
  test('ends by itself, whatever happens', () => {
    expect(read(file).TimeoutSeconds).toBeGreaterThan(0);
    for (const [name, state] of states(file)) {
      if (state.Type === 'Task') expect([name, state.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
    }
  });

  test('every state says what it is for', () => {
    for (const [name, state] of states(file))
      expect([name, state.Comment]).toEqual([name, expect.stringMatching(/[.?]$/)]);
  });

  test('leads only to states that exist, and to each of them', () => {
    for (const machine of machines(read(file))) {
      const targets = new Set([machine.StartAt]);
      for (const state of Object.values(machine.States)) {
        for (const next of [
          state.Next,
          state.Default,
          ...(state.Choices ?? []).map((c) => c.Next),
          ...(state.Catch ?? []).map((c) => c.Next),
        ]) {
          if (next !== undefined) targets.add(next);
        }
      }
      expect([...targets].sort()).toEqual(Object.keys(machine.States).sort());
    }
  });

  test('fails only with errors that the product knows', () => {
    for (const [name, state] of states(file)) {
      const error = state.Error;
      if (error !== undefined && !error.startsWith('{%')) expect([name, OUR_ERRORS.has(error)]).toEqual([name, true]);
      for (const { ErrorEquals } of [...(state.Retry ?? []), ...(state.Catch ?? [])]) {
        for (const matched of ErrorEquals) {
          const known =
            matched.includes('.') || /^(Throttling|TooManyRequests)Exception$/.test(matched) || OUR_ERRORS.has(matched);
          expect([name, matched, known]).toEqual([name, matched, true]);
        }
      }
    }
  });

  test('outlasts a minute of AWS wherever it outlasts one of Lambda', () => {
    for (const [name, state] of states(file)) {
      for (const { ErrorEquals } of state.Retry ?? []) {
        if (!ErrorEquals.includes('Lambda.ServiceException')) continue;
        expect([name, ErrorEquals]).toEqual([name, expect.arrayContaining(['AwsUnavailable'])]);
      }
    }
  });

  test('has only expressions that JSONata understands', () => {
    const expressions = [...readFileSync(join(folder, file), 'utf8').matchAll(/"\{% (.*?) %\}"/g)].map(
      (match) => JSON.parse(`"${match[1] ?? ''}"`) as string,
    );
    expect(expressions.length).toBeGreaterThan(0);
    for (const expression of expressions) expect(() => jsonata(expression)).not.toThrow();
  });
});

test('a recovery is tried again after 1, 4 and 16 minutes, and has ten minutes from then on', async () => {
  const check = read('recover-quorum.asl.json').States['CheckInput'] as State & {
    Choices: readonly { readonly Assign: { readonly pause: string; readonly deadline: string } }[];
  };
  const assign = check.Choices[0]?.Assign;
  const evaluate = (expression: string, attempt: object): Promise<unknown> =>
    jsonata(expression.slice(2, -2)).evaluate({}, { states: { context: { Execution: { Input: attempt } } } });
  const pauses = [{}, { attempt: 0 }, { attempt: 1 }, { attempt: 2 }, { attempt: 3 }].map((input) =>
    evaluate(assign?.pause ?? '', input),
  );
  expect(await Promise.all(pauses)).toEqual([0, 0, 60, 240, 960]);
  const withoutClock = (assign?.deadline ?? '').replace('$millis()', '0');
  expect(await evaluate(withoutClock, {})).toBe(600_000);
  expect(await evaluate(withoutClock, { attempt: 3 })).toBe(600_000 + 960_000);
});

test('the addresses of compute are found in the output of a nested execution, as text or as an object', async () => {
  const { States } = read('create-cluster.asl.json');
  const assign = (States['StartParts'] as State & { Assign: { groups: string } }).Assign.groups;
  const expression = jsonata(assign.slice(2, -2));
  expression.registerFunction('parse', (text: string) => JSON.parse(text) as unknown);
  const groups = [{ group: 'service:demo_proxy', addresses: ['10.0.0.1'] }];
  for (const output of [{ groups }, JSON.stringify({ groups })]) {
    const found: unknown = await expression.evaluate({}, { states: { result: [{}, {}, output] } });
    expect(JSON.parse(JSON.stringify(found))).toEqual(groups);
  }
});
