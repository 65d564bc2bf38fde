/**
 * `npm run check`: everything that can be said of the code and the template without running them. Each check is one
 * command; its output is shown only when it fails.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ensurePython } from './setup/python.ts';
import type { LocalSettings } from './settings.ts';
import { say, tally } from './report.ts';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const TEMPLATE = '.serverless/cloudformation-template-update-stack.json';
/** Every region in which all of the services are offered would be longer; these are the ones most of the users are in. */
const REGIONS = ['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2', 'ap-southeast-2'];

export async function check(settings: LocalSettings): Promise<boolean> {
  const python = await ensurePython(settings, say);
  const definitions = readdirSync(join(settings.root, 'statemachines')).filter((file) => file.endsWith('.asl.json'));
  const checks: Check[] = [
    { name: 'type check', command: 'tsc', args: ['--noEmit'] },
    { name: 'lint', command: 'eslint', args: ['.', '--max-warnings', '0'] },
    { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
    { name: 'OpenAPI document is up to date', command: 'node', args: ['local/main.ts', 'openapi', '--check'] },
    ...definitions.map((file) => ({
      name: `asl-validator ${file}`,
      command: 'asl-validator',
      args: ['--json-path', `statemachines/${file}`],
    })),
    { name: 'serverless package', command: 'serverless', args: ['package', '--stage', 'dev'] },
    {
      name: 'cfn-lint',
      command: join(dirname(python), 'cfn-lint'),
      // W3005: the Serverless Framework writes a DependsOn beside the GetAtt of each function's role; harmless.
      // W8003: it puts parameters in before CloudFormation sees them, so a condition on one is constant by then.
      args: ['--template', TEMPLATE, '--ignore-checks', 'W3005,W8003', '--regions', ...REGIONS],
    },
  ];
  let passed = 0;
  for (const { name, command, args } of checks) {
    const result = await execa(command, args, { cwd: settings.root, reject: false, all: true });
    const good = result.exitCode === 0;
    if (good) passed += 1;
    say(`${good ? 'ok    ' : 'FAILED'} ${name}`);
    if (!good) say(`${command} ${args.join(' ')}\n${result.all}\n`);
  }
  return tally({ passed, failed: checks.length - passed });
}
