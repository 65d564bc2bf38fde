/** What the packaged CloudFormation template says, with its intrinsic functions written as text that can be compared. */
import { z } from 'zod';

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
export const templateSchema = z.looseObject({ Resources: z.record(z.string(), resourceSchema) });
export type Template = z.infer<typeof templateSchema>;

/** One action on one resource, as a statement of a role allows it. */
export interface Grant {
  readonly action: string;
  /** `{Registry.Arn}/index/clusters`, `arn:{AWS::Partition}:...`. */
  readonly resource: string;
  /** The statement's conditions as text; empty when it has none. */
  readonly condition: string;
}

/** `Ref` and `Fn::GetAtt` become `{Name}` and `{Name.Attribute}`; both kinds of `If` are kept. */
export function render(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(render).join(',');
  const [[intrinsic, argument] = ['', undefined], ...others] = Object.entries(value);
  if (others.length > 0 || !/^(Ref|Fn::.*)$/.test(intrinsic)) return JSON.stringify(value, (_, inner) => flat(inner));
  if (intrinsic === 'Ref') return `{${render(argument)}}`;
  if (intrinsic === 'Fn::GetAtt') return `{${Array.isArray(argument) ? argument.join('.') : render(argument)}}`;
  if (intrinsic === 'Fn::Sub' && typeof argument === 'string') return argument.replaceAll('${', '{');
  if (intrinsic === 'Fn::Join' && Array.isArray(argument)) {
    const [separator, parts] = argument as [string, unknown];
    return (Array.isArray(parts) ? parts : [parts]).map(render).join(separator);
  }
  if (intrinsic === 'Fn::If' && Array.isArray(argument)) return argument.slice(1).map(render).join('|');
  throw new Error(`${intrinsic} is not understood here: ${JSON.stringify(value)}`);
}

function flat(value: unknown): unknown {
  const isIntrinsic =
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 1 &&
    /^(Ref|Fn::.*)$/.test(Object.keys(value)[0] ?? '');
  return isIntrinsic ? render(value) : value;
}

const oneOrMany = z.unknown().transform((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
/** Anything else in a role (a denial, a managed policy, NotAction) would need to be read in another way, so it is refused. */
const roleSchema = z.object({
  Policies: z.array(
    z.object({
      PolicyDocument: z.object({
        Statement: z.array(
          z.strictObject({
            Sid: z.string().optional(),
            Effect: z.literal('Allow'),
            Action: oneOrMany,
            Resource: oneOrMany,
            Condition: z.unknown().optional(),
          }),
        ),
      }),
    }),
  ),
  ManagedPolicyArns: z.undefined().optional(),
  PermissionsBoundary: z.undefined().optional(),
});

export function grantsOf(template: Template, role: string): Grant[] {
  const resource = template.Resources[role];
  if (resource?.Type !== 'AWS::IAM::Role') throw new Error(`${role} is no role of the template.`);
  const { Policies } = roleSchema.parse(resource.Properties);
  return Policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap(({ Action, Resource, Condition }) =>
      Action.flatMap((action) =>
        Resource.map((on) => ({
          action: render(action),
          resource: render(on),
          condition: Condition === undefined ? '' : JSON.stringify(Condition, (_, inner) => flat(inner)),
        })),
      ),
    ),
  );
}

/** Logical ids of the resources of a type. */
export function idsOf(template: Template, type: string): string[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id]) => id);
}

/** The logical id in a `Ref` or `Fn::GetAtt`. */
export function idIn(value: unknown): string {
  return /^\{([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?\}$/.exec(render(value))?.[1] ?? '';
}
