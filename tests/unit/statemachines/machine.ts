/** A state machine as its definition stands, read as a graph. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Assigned = Readonly<Record<string, unknown>>;
interface Step {
  readonly Next: string;
  readonly Assign?: Assigned;
}
interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts?: number;
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: string;
}
export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Resource?: string;
  readonly Arguments?: unknown;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number | string;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly (Step & { readonly ErrorEquals: readonly string[] })[];
  readonly Choices?: readonly (Step & { readonly Condition: string })[];
  readonly Branches?: readonly Machine[];
  readonly Assign?: Assigned;
  readonly Output?: unknown;
  readonly Next?: string;
  readonly Default?: string;
  readonly End?: boolean;
  readonly Error?: string;
  readonly Cause?: string;
}
export interface Machine {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

const SUFFIX = '.asl.json';
const folder = join(import.meta.dirname, '../../../statemachines');
/** `create-cluster` and so on. */
export const machineNames = readdirSync(folder)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => basename(file, SUFFIX));
export const definitionOf = (name: string): string => readFileSync(join(folder, `${name}${SUFFIX}`), 'utf8');
export const machineOf = (name: string): Machine => JSON.parse(definitionOf(name)) as Machine;

export interface Edge {
  readonly to: string;
  /** Names of the variables that are assigned on the way. What a state assigns is not assigned where it is caught. */
  readonly assigns: readonly string[];
}

export function edgesFrom({ Next, Default, Assign = {}, Choices = [], Catch = [] }: State): Edge[] {
  const own = [Next, Default].filter((to) => to !== undefined).map((to) => ({ to, assigns: Object.keys(Assign) }));
  const others = [...Choices, ...Catch].map((step) => ({ to: step.Next, assigns: Object.keys(step.Assign ?? {}) }));
  return [...own, ...others];
}

/** `probe-quorum` of `${ProbeQuorumFunction}`; undefined for what is not named so. */
export function placeholder(text: string | undefined, suffix: 'Function' | 'Machine'): string | undefined {
  const name = new RegExp(`^\\$\\{(\\w+)${suffix}\\}$`).exec(text ?? '')?.[1];
  return name?.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
