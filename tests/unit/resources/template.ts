/** The files of resources/ as they are written, for what can be said of them without packaging. */
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse, type ScalarTag } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');
const require = createRequire(import.meta.url);

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const short = (name: string, full: string) => ({
  tag: `!${name}`,
  resolve: (text: string) => ({ [full]: text }),
});
const SCALARS: ScalarTag[] = [short('Ref', 'Ref'), short('Sub', 'Fn::Sub'), short('GetAtt', 'Fn::GetAtt')];
const LISTS = ['Equals', 'And', 'Or', 'Not', 'If', 'Select', 'Join', 'Cidr', 'Split', 'Sub', 'GetAZs'];

/** Short forms of intrinsic functions become `{ Ref: ... }` where they are text, and stay plain lists where they are lists. */
export function readYaml(file: string): unknown {
  return parse(readFileSync(join(ROOT, file), 'utf8'), {
    merge: true,
    logLevel: 'silent',
    customTags: [
      ...SCALARS,
      short('GetAZs', 'Fn::GetAZs'),
      ...LISTS.map((name) => ({ tag: `!${name}`, collection: 'seq' as const })),
    ],
  });
}

export function resourcesOf(file: string): [id: string, resource: Required<Pick<Resource, 'Properties'>> & Resource][] {
  const { Resources } = readYaml(`resources/${file}`) as { Resources: Record<string, Resource> };
  return Object.entries(Resources).map(([id, resource]) => [
    id,
    { ...resource, Properties: resource.Properties ?? {} },
  ]);
}

export const allResources = () =>
  readdirSync(join(ROOT, 'resources'))
    .filter((file) => file.endsWith('.yml'))
    .flatMap(resourcesOf);

/** What the variable `${file(...):name}` stands for, where that is a value of a JavaScript file. */
export function valueOf(variable: string): unknown {
  const [, file = '', name = ''] = /^\$\{file\((.*)\):(.*)\}$/.exec(variable) ?? [];
  const made = (require(join(ROOT, file)) as Record<string, () => unknown>)[name];
  if (made === undefined) throw new Error(`${variable} leads nowhere.`);
  return made();
}

/** Logical ids of what the framework makes of the functions in serverless.yml. */
export function functionIds(suffix: 'LambdaFunction' | 'LogGroup'): string[] {
  const { functions } = readYaml('serverless.yml') as { functions: Record<string, unknown> };
  return Object.keys(functions).map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}${suffix}`);
}
