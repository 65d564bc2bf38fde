/**
 * What every state of every machine carries at most: its expressions, evaluated with the largest answer of each function, the
 * largest input of each machine, and the longest error. Step Functions ends an execution that carries more than 256 KiB.
 */
import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import { machineNames, machineOf, placeholder, type Assigned, type Machine, type State } from './machine.ts';

export interface Largest {
  /** Of functions, by the names of their folders. */
  readonly answers: Readonly<Record<string, object>>;
  /** Of machines that are started from outside. */
  readonly inputs: Readonly<Record<string, object>>;
  /** What a task catches. */
  readonly failure: { readonly Error: string; readonly Cause: string };
}

/** Step Functions keeps no longer cause; what is cut there is no JSON any more, which nobody can read. */
export const MOST_CAUSE = 32_768;
/** Of a task: Step Functions' own are shorter. */
const TOKEN = 't'.repeat(2_048);
const ARN = `arn:aws:states:eu-central-1:123456789012:execution:redkite-production-replace-member:${'e'.repeat(80)}`;
/** What a machine hands to another comes back to it, as an output or as a cause, in three rounds. */
const ROUNDS = 4;

export const bytesOf = (value: unknown): number => (value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value)));
const larger = (one: unknown, other: unknown) => (bytesOf(other) > bytesOf(one) ? other : one);

/** Everything that was carried, by `machine/State: what`. */
export async function payloads(largest: Largest): Promise<Map<string, unknown>> {
  const walk = new Walk(largest);
  for (let round = 0; round < ROUNDS; round += 1) for (const name of machineNames) await walk.through(name);
  return walk.carried;
}

class Walk {
  readonly carried = new Map<string, unknown>();
  private readonly largest: Largest;
  private readonly inputs: Map<string, unknown>;
  private readonly outputs = new Map<string, unknown>();
  private readonly causes = new Map<string, string>();

  constructor(largest: Largest) {
    this.largest = largest;
    this.inputs = new Map(Object.entries(largest.inputs));
  }

  async through(name: string): Promise<void> {
    const input = this.inputs.get(name);
    if (input === undefined) return;
    const output = await new Way(this, name, input).take(machineOf(name), input);
    this.outputs.set(name, larger(this.outputs.get(name), output));
  }

  carry(name: string, value: unknown): void {
    this.carried.set(name, larger(this.carried.get(name), value));
  }

  /** `of`: a machine, or one of its parallel states. */
  fail(of: string, cause: string): void {
    this.causes.set(of, String(larger(this.causes.get(of) ?? '', cause)));
  }

  /** What a task answers; and the longest error that it ends with. */
  answerOf({ Resource = '' }: State, argued: Argued): { result: unknown; failure: Largest['failure'] } {
    const { FunctionName, StateMachineArn, Input } = argued;
    const { failure } = this.largest;
    if (StateMachineArn !== undefined) {
      const named = placeholder(StateMachineArn, 'Machine');
      const machine = machineNames.find((one) => named !== undefined && one.startsWith(named));
      if (machine === undefined) throw new Error(`${StateMachineArn} is no machine.`);
      this.inputs.set(machine, larger(this.inputs.get(machine), Input));
      if (!Resource.endsWith('.sync:2')) return { result: { ExecutionArn: ARN }, failure };
      const ended = { ExecutionArn: ARN, Input: JSON.stringify(Input), Name: 'e'.repeat(80), Status: 'FAILED' };
      return {
        result: { ...ended, Output: this.outputs.get(machine) },
        failure: {
          Error: 'States.TaskFailed',
          Cause: JSON.stringify({ ...ended, ...this.failureOf(machine) }),
        },
      };
    }
    if (Resource.endsWith('.waitForTaskToken')) return { result: this.answer('list-addresses'), failure };
    return {
      result: {
        StatusCode: 200,
        ExecutedVersion: '$LATEST',
        Payload: this.answer(placeholder(FunctionName, 'Function') ?? ''),
      },
      failure,
    };
  }

  failureOf(of: string): Largest['failure'] {
    const { Error, Cause } = this.largest.failure;
    return { Error, Cause: this.causes.get(of) ?? Cause };
  }

  private answer(name: string): object {
    const answer = this.largest.answers[name];
    if (answer === undefined) throw new Error(`Nobody has said what ${name} answers at most.`);
    return answer;
  }
}

interface Argued {
  readonly FunctionName?: string;
  readonly StateMachineArn?: string;
  readonly Input?: unknown;
}

/** Through one machine, or a branch of it: every state once with the largest that can come to it. */
class Way {
  private readonly walk: Walk;
  private readonly name: string;
  /** Whose failure what is not caught is. */
  private readonly fails: string;
  private readonly input: unknown;
  private readonly variables: Map<string, unknown>;

  constructor(
    walk: Walk,
    name: string,
    input: unknown,
    around?: { fails: string; variables: ReadonlyMap<string, unknown> },
  ) {
    this.walk = walk;
    this.name = name;
    this.input = input;
    this.fails = around?.fails ?? name;
    this.variables = new Map(around?.variables ?? []);
  }

  /** The largest output. */
  async take({ StartAt, States }: Machine, input: unknown): Promise<unknown> {
    const inputs = new Map<string, unknown>([[StartAt, input]]);
    let largest: unknown;
    const queue = [StartAt];
    const seen = new Map<string, number>();
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const state = States[name];
      // A second time with what the others have assigned meanwhile.
      if (state === undefined || (seen.get(name) ?? 0) > 1) continue;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      const { output, next } = await this.enter(name, state, inputs.get(name));
      if (state.End === true || state.Type === 'Succeed') largest = larger(largest, output);
      for (const [to, comes] of next) {
        inputs.set(to, larger(inputs.get(to), comes));
        queue.push(to);
      }
    }
    return largest;
  }

  private async enter(name: string, state: State, input: unknown) {
    const carry = (what: string, value: unknown) => {
      this.walk.carry(`${this.name}/${name}: ${what}`, value);
      return value;
    };
    carry('input', input);
    const argued = carry('arguments', await this.evaluate(state.Arguments, { input })) as Argued | undefined;
    const { result, failure } = await this.resultOf(name, state, argued, input);
    carry('result', result);
    const seen = { input, result };
    const output = state.Output === undefined ? (result ?? input) : await this.evaluate(state.Output, seen);
    carry('output', output);
    await this.assign(state.Assign, seen, carry);
    const next: [string, unknown][] = [state.Next, state.Default].flatMap((to) =>
      to === undefined ? [] : [[to, output]],
    );
    for (const { Next, Assign } of state.Choices ?? []) {
      await this.assign(Assign, seen, carry);
      next.push([Next, input]);
    }
    for (const { Next, Assign } of state.Catch ?? []) {
      await this.assign(Assign, { input, errorOutput: failure }, carry);
      next.push([Next, failure]);
    }
    if (state.Type === 'Fail') {
      const cause = carry('cause', await this.evaluate(state.Cause, seen));
      this.walk.fail(this.fails, typeof cause === 'string' ? cause : '');
    } else if (state.Catch === undefined && failure !== undefined) this.walk.fail(this.fails, failure.Cause);
    return { output, next };
  }

  private async resultOf(name: string, state: State, argued: Argued | undefined, input: unknown) {
    if (state.Type === 'Task') return this.walk.answerOf(state, argued ?? {});
    if (state.Branches === undefined) return { result: undefined, failure: undefined };
    const into = argued ?? input;
    const fails = `${this.name}/${name}`;
    const results: unknown[] = [];
    for (const branch of state.Branches) {
      const way = new Way(this.walk, this.name, this.input, { fails, variables: this.variables });
      results.push(await way.take(branch, into));
    }
    return { result: results, failure: this.walk.failureOf(fails) };
  }

  private async assign(
    assigned: Assigned | undefined,
    states: object,
    carry: (what: string, value: unknown) => unknown,
  ) {
    for (const [name, expression] of Object.entries(assigned ?? {})) {
      const value = carry(`$${name}`, await this.evaluate(expression, states));
      this.variables.set(name, larger(this.variables.get(name), value));
    }
  }

  /** A definition with its expressions; texts that are none stay as they are. */
  private async evaluate(value: unknown, states: object): Promise<unknown> {
    if (typeof value === 'string' && value.startsWith('{%')) return this.expression(value.slice(2, -2), states);
    if (Array.isArray(value)) return Promise.all((value as unknown[]).map((one) => this.evaluate(one, states)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(async ([key, one]) => [key, await this.evaluate(one, states)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  private async expression(text: string, states: object): Promise<unknown> {
    const expression = jsonata(text);
    expression.registerFunction('parse', (json: string) => JSON.parse(json) as unknown);
    expression.registerFunction('hash', (of: string) => createHash('md5').update(of).digest('hex'));
    const Execution = { Input: this.input, Name: 'e'.repeat(80), Id: ARN, StartTime: new Date(0).toISOString() };
    const context = { Execution, State: { EnteredTime: new Date(0).toISOString() }, Task: { Token: TOKEN } };
    const result: unknown = await expression.evaluate(
      {},
      { states: { ...states, context }, ...Object.fromEntries(this.variables) },
    );
    return result === undefined ? undefined : (JSON.parse(JSON.stringify(result)) as unknown);
  }
}
