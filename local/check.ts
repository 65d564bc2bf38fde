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
const WORKFLOWS = '.github/workflows';
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
  const definitions = readdirSync(join(settings.root, 'statemachines')).filter((file) => file.endsWith('.asl.json'));
  const workflows = readdirSync(join(settings.root, WORKFLOWS)).map((file) => join(WORKFLOWS, file));
  const run = async (program: string, args: readonly string[]): Promise<string | undefined> => {
    const { exitCode, all } = await execa(program, args, { cwd: settings.root, reject: false, all: true });
    return exitCode === 0 ? undefined : `${program} ${args.join(' ')}\n${all}`;
  };
  const command = (name: string, program: string, ...args: string[]): Check => ({
    name,
    run: () => run(program, args),
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
    {
      name: 'cfn-lint',
      run: async () => {
        const { stdout: regions } = await execa(python, ['local/setup/regions.py', TEMPLATE], { cwd: settings.root });
        // W3005: the Serverless Framework writes a DependsOn beside the GetAtt of each function's role; harmless.
        // W8003: it puts parameters in before CloudFormation sees them, so a condition on one is constant by then.
        const args = ['--template', TEMPLATE, '--ignore-checks', 'W3005,W8003', '--regions', ...regions.split('\n')];
        return run(join(dirname(python), 'cfn-lint'), args);
      },
    },
    {
      name: 'checkov',
      run: async () => run(await ensureCheckov(settings, say), ['--config-file', '.checkov.yaml', '--file', TEMPLATE]),
    },
    {
      name: 'actionlint',
      // Without the linters of scripts that it takes where a machine has them: it has to say the same everywhere.
      run: async () => run(await ensureActionlint(settings, say), ['-shellcheck=', '-pyflakes=', ...workflows]),
    },
  ];
  let passed = 0;
  for (const { name, run: look } of checks) {
    const wrong = await look().catch((error: unknown) => String(error));
    if (wrong === undefined) passed += 1;
    say(`${wrong === undefined ? 'ok    ' : 'FAILED'} ${name}`);
    if (wrong !== undefined) say(`${wrong}\n`);
  }
  return tally({ passed, failed: checks.length - passed });
}
