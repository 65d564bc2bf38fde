/**
 * A small service in a folder of its own, deployed again and again by local mode into an emulator of its own: whatever is
 * changed must be what runs afterwards, and what is not changed must be left alone.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { parse } from 'yaml';
import { startEmulator, stopEmulator } from '../../../../local/emulator/emulator.ts';
import { settingsForSlot, type LocalSettings } from '../../../../local/settings.ts';
import { awsClient } from '../../../../local/stack/aws.ts';
import { deploy } from '../../../../local/stack/deploy.ts';
import { freePort } from '../../../fixtures/emulator.ts';

const python = process.env['REDKITE_PYTHON'];
const product = settingsForSlot(0).root;
/** The framework takes seconds, and much longer beside other tests. */
const DEPLOYED_MS = 5 * 60_000;
const IMAGES = { milvusImage: 'milvus', etcdImage: 'etcd' };
const { custom } = parse(readFileSync(join(product, 'serverless.yml'), 'utf8'), {
  merge: true,
  logLevel: 'silent',
}) as {
  custom: { esbuild: object };
};

const SERVICE = `
service: redkite
provider:
  name: aws
  runtime: nodejs24.x
  stage: \${opt:stage, 'dev'}
  region: \${opt:region, 'eu-central-1'}
  versionFunctions: false
  deploymentMethod: direct
  stackTags: { a: b }
plugins: [serverless-esbuild]
package: { individually: true }
custom:
  esbuild: ${JSON.stringify(custom.esbuild)}
functions:
  one: { handler: functions/one/handler.handler, environment: { IMAGE: "\${env:REDKITE_ETCD_IMAGE}" } }
  two: { handler: functions/two/handler.handler, timeout: 10 }
resources:
  - \${file(resources/all.yml)}
`;
const RESOURCES = `
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties: { Name: a-rule, ScheduleExpression: rate(1 hour), State: DISABLED }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: a-machine
      RoleArn: !GetAtt IamRoleLambdaExecution.Arn
      DefinitionString: \${file(resources/definition.cjs):say}
`;
const machine = (word: string) =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'Say', States: { Say: { Type: 'Succeed', Output: word } } });
const handler = (word: string) =>
  `import { name } from '../common/name.ts';\nexport const handler = () => Promise.resolve(\`${word} \${name}\`);\n`;

let settings: LocalSettings;
let lambda: LambdaClient;

function write(file: string, content: string): void {
  mkdirSync(dirname(join(settings.root, file)), { recursive: true });
  writeFileSync(join(settings.root, file), content);
}

beforeAll(async () => {
  if (python === undefined) throw new Error('REDKITE_PYTHON must name the Python that has MiniStack.');
  const root = mkdtempSync(join(tmpdir(), 'redkite-deploy-'));
  const base = settingsForSlot(3, root);
  settings = {
    ...{ ...base, cacheDir: join(root, 'cache') },
    ports: { ...base.ports, emulator: await freePort() },
    network: { ...base.network, gateway: '127.0.88.3' },
  };
  mkdirSync(settings.stateDir);
  symlinkSync(join(product, 'node_modules'), join(root, 'node_modules'));
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'resources/definition.cjs']) {
    cpSync(join(product, file), join(root, file));
  }
  write('serverless.yml', SERVICE);
  write('resources/all.yml', RESOURCES);
  write('statemachines/say.asl.json', machine('hello'));
  write('functions/common/name.ts', "export const name = 'Ann';\n");
  write('functions/one/handler.ts', handler('one'));
  write('functions/two/handler.ts', handler('two'));
  await startEmulator(settings, { python });
  lambda = awsClient(settings, LambdaClient);
  await deploy(settings, IMAGES);
}, DEPLOYED_MS);

afterAll(async () => {
  await stopEmulator(settings);
  rmSync(settings.root, { recursive: true, force: true });
});

async function ask(name: 'one' | 'two'): Promise<unknown> {
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: `redkite-local-${name}` }));
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}

const configured = (name: 'one' | 'two') =>
  lambda.send(new GetFunctionConfigurationCommand({ FunctionName: `redkite-local-${name}` }));

test('what is not changed is not deployed', async () => {
  expect([await ask('one'), await ask('two')]).toEqual(['one Ann', 'two Ann']);
  expect(await deploy(settings, IMAGES)).toBe('unchanged');
});

test(
  'a changed function is, and another is left alone',
  async () => {
    const before = await configured('two');
    write('functions/one/handler.ts', handler('ONE'));
    expect(await deploy(settings, IMAGES)).toBe('deployed');
    expect(await ask('one')).toBe('ONE Ann');
    const after = await configured('two');
    expect([after.RevisionId, after.LastModified]).toEqual([before.RevisionId, before.LastModified]);
  },
  DEPLOYED_MS,
);

test(
  'what functions have in common is changed in all of them',
  async () => {
    write('functions/common/name.ts', "export const name = 'Bob';\n");
    await deploy(settings, IMAGES);
    expect([await ask('one'), await ask('two')]).toEqual(['ONE Bob', 'two Bob']);
  },
  DEPLOYED_MS,
);

test(
  'a changed state machine is there',
  async () => {
    write('statemachines/say.asl.json', machine('bye'));
    await deploy(settings, IMAGES);
    const sfn = awsClient(settings, SFNClient);
    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
    const { stateMachineArn } = stateMachines[0] ?? {};
    const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(definition).toBe(machine('bye'));
  },
  DEPLOYED_MS,
);

test(
  'a changed resource, a changed setting of a function and another image are there',
  async () => {
    write('resources/all.yml', RESOURCES.replace('rate(1 hour)', 'rate(2 hours)'));
    write('serverless.yml', SERVICE.replace('timeout: 10', 'timeout: 11'));
    await deploy(settings, { ...IMAGES, etcdImage: 'another' });
    const rule = await awsClient(settings, EventBridgeClient).send(new DescribeRuleCommand({ Name: 'a-rule' }));
    expect(rule.ScheduleExpression).toBe('rate(2 hours)');
    expect((await configured('two')).Timeout).toBe(11);
    expect((await configured('one')).Environment?.Variables).toEqual({ IMAGE: 'another' });
  },
  DEPLOYED_MS,
);

test(
  'what went back to an earlier state is deployed from the cache, and a damaged cache is made again',
  async () => {
    write('functions/one/handler.ts', handler('one'));
    write('functions/common/name.ts', "export const name = 'Ann';\n");
    await deploy(settings, IMAGES);
    expect(await ask('one')).toBe('one Ann');

    for (const kind of ['functions', 'templates']) {
      for (const entry of readdirSync(join(settings.cacheDir, kind))) {
        for (const file of readdirSync(join(settings.cacheDir, kind, entry))) {
          truncateSync(join(settings.cacheDir, kind, entry, file), 10);
        }
      }
    }
    write('functions/two/handler.ts', handler('TWO'));
    await deploy(settings, IMAGES);
    write('functions/two/handler.ts', handler('two'));
    await deploy(settings, IMAGES);
    expect([await ask('one'), await ask('two')]).toEqual(['one Ann', 'two Ann']);
  },
  DEPLOYED_MS,
);

test('code from elsewhere than functions/ and packages, of which the cache would not know, is refused', async () => {
  write('elsewhere.ts', "export const name = 'Eve';\n");
  write('functions/common/name.ts', "export { name } from '../../elsewhere.ts';\n");
  await expect(deploy(settings, IMAGES)).rejects.toThrow('not of elsewhere.ts');
});

test('a template that cannot be packaged, and a stack that cannot be made, say why', async () => {
  write('functions/common/name.ts', "export const name = 'Ann';\n");
  write('serverless.yml', `${SERVICE}\nplugin: [`);
  await expect(deploy(settings, IMAGES)).rejects.toThrow(/serverless package failed[^]*serverless\.yml/);
  write('serverless.yml', SERVICE);
  write('resources/all.yml', RESOURCES.replace('IamRoleLambdaExecution.Arn', 'Rule.Nothing'));
  await expect(deploy(settings, IMAGES)).rejects.toThrow(/The stack was not deployed\. Machine: /);
});
