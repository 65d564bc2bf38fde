/** The table of parameters in docs/deploy-aws.md: what each may be (resources/parameters.cjs), with its default (serverless.yml). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { table } from './markdown.ts';

const tableSchema = z.object({
  PARAMETERS: z.record(z.string(), z.tuple([z.string(), z.looseObject({ says: z.string() }), z.string()])),
});
const serverlessSchema = z.object({ params: z.object({ default: z.record(z.string(), z.unknown()) }) });

export function parameterTable(root: string): string {
  const { PARAMETERS } = tableSchema.parse(createRequire(import.meta.url)(join(root, 'resources/parameters.cjs')));
  const text = readFileSync(join(root, 'serverless.yml'), 'utf8');
  const { params } = serverlessSchema.parse(parse(text, { merge: true, logLevel: 'silent' }));
  const rows = Object.entries(PARAMETERS)
    .filter(([, [group]]) => group !== 'local mode')
    .map(([name, [group, { says }, what]]) => {
      const value = String(params.default[name]);
      return [`\`${name}\``, group, value === '' ? 'none' : `\`${value}\``, says, what];
    });
  return table(['parameter', 'for', 'default', 'what it may be', 'what it is'], rows);
}
