/**
 * Whether a grant reaches no further than this stage: its resource, or a condition, names a resource of the template or has the
 * stage in its name. What cannot be narrowed so is named here with its reason.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Grant, Template } from './template.ts';

/** By action, whether AWS knows resources for it. */
export type AwsActions = ReadonlyMap<string, boolean>;

export interface Scope {
  readonly template: Template;
  readonly stage: string;
  readonly aws: AwsActions;
}

const listSchema = z.record(
  z.string(),
  z.object({ Actions: z.record(z.string(), z.object({ Resources: z.array(z.string()).optional() })).default({}) }),
);

/** AWS's Service Authorization Reference as cfn-lint carries it, read for the actions that are asked about. */
export function readAwsActions(file: string, asked: Iterable<string>): AwsActions {
  const list = listSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return new Map(
    [...asked].flatMap((action) => {
      const [service = '', name = ''] = action.split(':');
      const known = list[service]?.Actions[name.toLowerCase()];
      return known === undefined ? [] : [[action, known.Resources !== undefined] as const];
    }),
  );
}

const INTERFACES =
  'Lambda makes the interface, of an id that nobody knows before, and needs the right to before it is there.';
const SERVICES = 'Cloud Map gives its services ids of its own, and has no condition on whose one is.';
const CHECKS = 'Ids of their own again, and none is ever made: no service here has a health check.';
/** AWS knows a resource for these, and it cannot be named. */
export const UNNAMEABLE: Readonly<Record<string, string>> = {
  'ec2:CreateNetworkInterface': INTERFACES,
  'ec2:DeleteNetworkInterface': INTERFACES,
  'ec2:AssignPrivateIpAddresses': INTERFACES,
  'ec2:UnassignPrivateIpAddresses': INTERFACES,
  'servicediscovery:CreateService': SERVICES,
  'servicediscovery:RegisterInstance': SERVICES,
  'servicediscovery:DeregisterInstance': SERVICES,
  'servicediscovery:ListInstances': SERVICES,
  'servicediscovery:DeleteService': SERVICES,
  'route53:GetHealthCheck': CHECKS,
  'route53:UpdateHealthCheck': CHECKS,
  'route53:DeleteHealthCheck': CHECKS,
  'events:PutTargets': 'One rule of AWS for all state machines of an account.',
  'events:PutRule': 'One rule of AWS for all state machines of an account.',
  'events:DescribeRule': 'One rule of AWS for all state machines of an account.',
};

/** What is wrong with it, or undefined. */
export function tooWide({ action, resource, condition }: Grant, { template, stage, aws }: Scope): string | undefined {
  if (/[*?]/.test(action)) return `${action}: every action is to be named`;
  if (!aws.has(action)) return `${action}: AWS knows no such action`;
  // A statement that names a resource does not match a request that has none: it would allow nothing.
  if (aws.get(action) === false) {
    return resource === '*' ? undefined : `${action} knows no resources, so it is not allowed by ${resource}`;
  }
  const text = `${resource} ${condition}`;
  const names = [...text.matchAll(/\{([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?\}/g)].map(([, id]) => id ?? '');
  if (names.some((id) => template.Resources[id] !== undefined)) return undefined;
  if (new RegExp(`\\bredkite[-.:/]${stage}\\b|redkite:stage":"${stage}"`).test(text)) return undefined;
  return action in UNNAMEABLE ? undefined : `${action} reaches beyond the stage: ${resource}`;
}
