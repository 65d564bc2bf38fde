/**
 * `npm run check`: everything that can be said of the code and the template without running them. What is wrong is shown
 * only where something is.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ensureActionlint, ensureCheckov } from './setup/checkers.ts';
import { ensurePython } from './setup/python.ts';
import type { LocalSettings } from './settings.ts';
import { say, tally } from './report.ts';
import { comparePrivileges } from './privilege/compare.ts';
import { readAwsActions } from './privilege/narrow.ts';
import { templateSchema } from './privilege/template.ts';
import { compareWithPackage } from './stack/package/compare.ts';

interface Check {
  readonly name: string;
  /** What is wrong, or undefined. */
  readonly run: () => Promise<string | undefined>;
}

const TEMPLATE = '.serverless/cloudformation-template-update-stack.json';
/** A stage of AWS; the packaged template is looked at, not deployed. */
const STAGE = 'dev';

/** AWS's list of actions and their resources, which cfn-lint carries. */
async function awsActions(python: string): Promise<string> {
  const where = 'import cfnlint.data.AdditionalSpecs as specs; print(specs.__path__[0])';
  const { stdout } = await execa(python, ['-c', where]);
  return join(stdout.trim(), 'Policies.json');
}

export async function check(settings: LocalSettings): Promise<boolean> {
  const python = await ensurePython(settings, say);
  const checkov = await ensureCheckov(settings, say);
  const { stdout: regions } = await execa(python, [join(settings.root, 'local/setup/regions.py')]);
  const definitions = readdirSync(join(settings.root, 'statemachines')).filter((file) => file.endsWith('.asl.json'));
  const command = (name: string, program: string, ...args: string[]): Check => ({
    name,
    run: async () => {
      const { exitCode, all } = await execa(program, args, { cwd: settings.root, reject: false, all: true });
      return exitCode === 0 ? undefined : `${program} ${args.join(' ')}\n${all}`;
    },
  });
  const checks: Check[] = [
    command('type check', 'tsc', '--noEmit'),
    command('lint', 'eslint', '.', '--max-warnings', '0'),
    command('format', 'prettier', '--check', '--log-level', 'warn', '.'),
    command('OpenAPI document is up to date', 'node', 'local/main.ts', 'openapi', '--check'),
    command('tables in documents are up to date', 'node', 'local/main.ts', 'tables', '--check'),
    ...definitions.map((file) =>
      command(`asl-validator ${file}`, 'asl-validator', '--json-path', `statemachines/${file}`),
    ),
    command('serverless package', 'serverless', 'package', '--stage', STAGE),
    {
      name: 'local mode deploys the packaged functions',
      run: async () => {
        const differences = await compareWithPackage(settings);
        return differences.length === 0 ? undefined : differences.join('\n');
      },
    },
    {
      name: 'roles allow what is called, and no more',
      run: async () => {
        const template = templateSchema.parse(JSON.parse(readFileSync(join(settings.root, TEMPLATE), 'utf8')));
        const aws = await awsActions(python);
        const differences = comparePrivileges(settings.root, { template, stage: STAGE }, (asked) =>
          readAwsActions(aws, asked),
        );
        return differences.length === 0 ? undefined : differences.join('\n');
      },
    },
    command(
      'cfn-lint',
      join(dirname(python), 'cfn-lint'),
      // W3005: the Serverless Framework writes a DependsOn beside the GetAtt of each function's role; harmless.
      // W8003: it puts parameters in before CloudFormation sees them, so a condition on one is constant by then.
      ...['--template', TEMPLATE, '--ignore-checks', 'W3005,W8003', '--regions', ...regions.split('\n')],
    ),
    command('checkov', checkov, '--config-file', '.checkov.yaml', '--file', TEMPLATE),
    command('actionlint', await ensureActionlint(settings)),
  ];
  let passed = 0;
  for (const { name, run } of checks) {
    const wrong = await run().catch((error: unknown) => String(error));
    if (wrong === undefined) passed += 1;
    say(`${wrong === undefined ? 'ok    ' : 'FAILED'} ${name}`);
    if (wrong !== undefined) say(`${wrong}\n`);
  }
  return tally({ passed, failed: checks.length - passed });
}
