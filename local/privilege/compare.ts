/**
 * Compares what each role allows with what is done under it, both ways: of a function what its code can call (calls.ts) and what
 * its settings make Lambda do for it; of a state machine what its tasks ask for.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { MACHINE_RUNTIME, RUNTIME, actionsOf, onIndex } from './actions.ts';
import { callsFrom, readCode, type Code } from './calls.ts';
import { tooWide, type AwsActions, type Scope } from './narrow.ts';
import { grantsOf, idIn, idsOf, render, type Grant, type Template } from './template.ts';

/** What is asked for under a role. */
export interface Needs {
  /** By action, what needs it: `GetObject in functions/common/archive/store/s3.ts:23`. */
  readonly actions: ReadonlyMap<string, string>;
  /** By action, the only resources that it may be allowed on, and must be: logical ids. Actions that are not here: any. */
  readonly targets: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Actions that name what they act on, so that it can be compared by its logical id. */
const AIMED = [
  'lambda:InvokeFunction',
  'states:StartExecution',
  'states:DescribeExecution',
  'states:StopExecution',
  'iam:PassRole',
];

/** Every difference, a line each. `aws`: what AWS knows of the given actions. */
export function comparePrivileges(
  root: string,
  { template, stage }: Pick<Scope, 'template' | 'stage'>,
  aws: (actions: Iterable<string>) => AwsActions,
): string[] {
  const functions = idsOf(template, 'AWS::Lambda::Function').filter((id) => handlerOf(template, id) !== undefined);
  const code = readCode(
    root,
    functions.map((id) => join(root, handlerOf(template, id) ?? '')),
  );
  const machines = idsOf(template, 'AWS::StepFunctions::StateMachine');
  const roles = new Map<string, string>();
  const differences: string[] = [];
  for (const id of [...functions, ...machines]) {
    const properties = template.Resources[id]?.Properties ?? {};
    const role = idIn(properties['Role'] ?? properties['RoleArn']);
    const other = roles.get(role);
    if (other !== undefined) differences.push(`${role}: of ${other} and of ${id}; each needs its own`);
    roles.set(role, id);
    const needs = machines.includes(id) ? machineNeeds(template, id) : functionNeeds(code, template, id);
    const actions = new Set(grantsOf(template, role).map(({ action }) => action));
    differences.push(...compareRole({ template, stage, aws: aws(actions) }, role, needs));
  }
  return differences;
}

export function compareRole(scope: Scope, role: string, needs: Needs): string[] {
  const { template } = scope;
  const grants = grantsOf(template, role);
  const granted = new Set(grants.map(actionOf));
  const missing = [...needs.actions].filter(([action]) => !granted.has(action));
  const idle = [...granted].filter((action) => !needs.actions.has(action));
  return [
    ...missing.map(([action, why]) => `${action} is missing: ${why}`),
    ...idle.map((action) => `${action} is granted, and nothing calls it`),
    ...grants.flatMap((grant) => tooWide(grant, scope) ?? []),
    ...misaimed(template, grants, needs),
  ].map((line) => `${role}: ${line}`);
}

const actionOf = ({ action, resource }: Grant): string => (resource.includes('/index/') ? onIndex(action) : action);

function misaimed(template: Template, grants: readonly Grant[], { targets }: Needs): string[] {
  return [...targets].flatMap(([action, wanted]) => {
    const on = new Set(
      grants.filter((grant) => grant.action === action).map(({ resource }) => targetOf(template, resource)),
    );
    return [
      ...[...wanted].filter((id) => !on.has(id)).map((id) => `${action} on ${id} is missing`),
      ...[...on].filter((id) => !wanted.has(id)).map((id) => `${action} on ${id} is granted, and nothing asks for it`),
    ];
  });
}

/** The logical id of what an ARN names: a resource of the template, a machine by its name, or its executions. */
function targetOf(template: Template, resource: string): string {
  const id = idIn(resource);
  if (id !== '') return id;
  const name = /:(?:stateMachine|execution):([^:]+)(?::\*)?$/.exec(resource)?.[1];
  return machineNamed(template, name) ?? resource;
}

function machineNamed(template: Template, name: string | undefined): string | undefined {
  return idsOf(template, 'AWS::StepFunctions::StateMachine').find(
    (id) => render(template.Resources[id]?.Properties['StateMachineName']) === name,
  );
}

function handlerOf(template: Template, id: string): string | undefined {
  const handler = template.Resources[id]?.Properties['Handler'];
  return typeof handler === 'string' ? /^(functions\/.+)\.handler$/.exec(handler)?.[1]?.concat('.ts') : undefined;
}

export function functionNeeds(code: Code, template: Template, id: string): Needs {
  const properties = template.Resources[id]?.Properties ?? {};
  const calls = callsFrom(code, join(code.root, handlerOf(template, id) ?? ''));
  const actions = new Map<string, string>();
  const add = (names: readonly string[], why: string) => {
    names.forEach((name) => actions.set(name, actions.get(name) ?? why));
  };
  for (const call of calls) add(actionsOf(call), `${call.command} in ${call.at}`);
  add(RUNTIME.logs, 'its log');
  if (properties['TracingConfig'] !== undefined) add(RUNTIME.tracing, 'its traces');
  if (properties['VpcConfig'] !== undefined) add(RUNTIME.vpc, 'it is inside the VPC');
  if (properties['DeadLetterConfig'] !== undefined) add(RUNTIME.deadLetters, 'its dead letters');
  for (const mapping of idsOf(template, 'AWS::Lambda::EventSourceMapping')) {
    const { FunctionName, EventSourceArn, DestinationConfig } = template.Resources[mapping]?.Properties ?? {};
    if (idIn(FunctionName) !== id) continue;
    if (DestinationConfig !== undefined) add(RUNTIME.deadLetters, `${mapping} sets aside what it cannot take`);
    const isQueue = template.Resources[idIn(EventSourceArn)]?.Type === 'AWS::SQS::Queue';
    add(isQueue ? RUNTIME.queue : RUNTIME.stream, `${mapping} feeds it`);
  }
  const named = targetsOf(template, id);
  return { actions, targets: new Map(AIMED.filter((one) => actions.has(one)).map((one) => [one, named(one)])) };
}

/** What a function can name: what its environment names, or the state machines that call it. */
function targetsOf(template: Template, id: string) {
  const properties = template.Resources[id]?.Properties ?? {};
  const { Variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
  const values = Object.values(Variables).flatMap((value) => render(value).split(/[,|]/));
  const ids = [...values.map((value) => targetOf(template, value)), ...handedTo(template, id)];
  return (action: string): ReadonlySet<string> => {
    const type = TYPES[action.slice(0, action.indexOf(':'))];
    return new Set(ids.filter((id) => template.Resources[id]?.Type === type));
  };
}

/** What state machines name in what they hand to the function. */
function handedTo(template: Template, id: string): string[] {
  return idsOf(template, 'AWS::StepFunctions::StateMachine').flatMap((machine) => {
    const { DefinitionString, DefinitionSubstitutions } = definitionOf(template, machine);
    const substituted = (placeholder: string) => targetOf(template, render(DefinitionSubstitutions[placeholder]));
    return statesOf(DefinitionString)
      .filter(([, { Arguments }]) => substituted(nameIn(Arguments?.FunctionName)) === id)
      .flatMap(([, { Arguments }]) =>
        [...JSON.stringify(Arguments?.Payload ?? '').matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) =>
          substituted(name),
        ),
      );
  });
}

const nameIn = (placeholder = ''): string => placeholder.replace(/^\$\{(.*)\}$/, '$1');

const TYPES: Readonly<Record<string, string>> = {
  lambda: 'AWS::Lambda::Function',
  states: 'AWS::StepFunctions::StateMachine',
  iam: 'AWS::IAM::Role',
};

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Arguments?: {
    readonly FunctionName?: string;
    readonly StateMachineArn?: string;
    readonly Payload?: unknown;
  };
  readonly Branches?: readonly Machine[];
  readonly ItemProcessor?: Machine;
}
interface Machine {
  readonly States: Readonly<Record<string, State>>;
}

const machineSchema = z.looseObject({
  DefinitionString: z.string().transform((text) => JSON.parse(text) as Machine),
  DefinitionSubstitutions: z.record(z.string(), z.unknown()),
});

const definitionOf = (template: Template, id: string) => machineSchema.parse(template.Resources[id]?.Properties);

function statesOf({ States }: Machine): [string, State][] {
  return Object.entries(States).flatMap(([name, state]) => [
    [name, state],
    ...[...(state.Branches ?? []), ...(state.ItemProcessor ? [state.ItemProcessor] : [])].flatMap(statesOf),
  ]);
}

export function machineNeeds(template: Template, id: string): Needs {
  const properties = template.Resources[id]?.Properties ?? {};
  const { DefinitionString, DefinitionSubstitutions } = definitionOf(template, id);
  const actions = new Map<string, string>();
  const targets = new Map<string, Set<string>>();
  const add = (names: readonly string[], why: string, placeholder?: string) => {
    for (const name of names) {
      actions.set(name, actions.get(name) ?? why);
      if (placeholder === undefined) continue;
      const value = DefinitionSubstitutions[nameIn(placeholder)];
      targets.set(name, (targets.get(name) ?? new Set()).add(targetOf(template, render(value))));
    }
  };
  for (const [name, { Type, Resource = '', Arguments = {} }] of statesOf(DefinitionString)) {
    if (Type !== 'Task') continue;
    const [, integration = '', pattern = ''] = /^arn:aws:states:::([a-z]+:[A-Za-z]+)(.*)$/.exec(Resource) ?? [];
    if (integration === 'lambda:invoke') add(['lambda:InvokeFunction'], name, Arguments.FunctionName ?? '');
    else if (integration === 'states:startExecution') {
      add(['states:StartExecution'], name, Arguments.StateMachineArn ?? '');
      if (pattern.startsWith('.sync')) {
        add(MACHINE_RUNTIME.follow, name, Arguments.StateMachineArn ?? '');
        add(MACHINE_RUNTIME.rule, name);
      }
    } else throw new Error(`${id}: ${name} asks for ${Resource}, which is not in local/privilege/compare.ts.`);
  }
  if (properties['LoggingConfiguration'] !== undefined) add(MACHINE_RUNTIME.logs, 'its log');
  if (properties['TracingConfiguration'] !== undefined) add(MACHINE_RUNTIME.tracing, 'its traces');
  return { actions, targets };
}
