/**
 * `serverless package` with parameters of a real account: what is wrong ends it with a sentence, and what is right makes a template in
 * which everything that is referred to is there. The functions are stubs.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { filesBelow } from '../../../../local/stack/package/sources.ts';
import { settingsForSlot } from '../../../../local/settings.ts';

const product = settingsForSlot(0).root;
const python = process.env['REDKITE_PYTHON'];
const PACKAGED_MS = 5 * 60_000;
const ACCOUNT = '123456789012';
const ECR = `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com`;
const VPC = ['vpcId=vpc-0a1b2c3d', 'subnetIds=subnet-0a1b2c3d,subnet-1a1b2c3d,subnet-2a1b2c3d', 'outbound=own'];
const OWN = [
  ...VPC,
  'entrySubnetIds=subnet-3a1b2c3d,subnet-4a1b2c3d,subnet-5a1b2c3d',
  `messagesArn=arn:aws:kafka:eu-central-1:${ACCOUNT}:cluster/logs/0a1b2c3d-0000-1`,
  `messagesSecretArn=arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:AmazonMSK_logs-AbCdEf`,
  `messagesKeyArn=arn:aws:kms:eu-central-1:${ACCOUNT}:key/0a1b2c3d-0000`,
  'messagesSecurityGroupId=sg-0a1b2c3d',
  'objectsBucket=our-vectors',
];

const templateSchema = z.object({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })),
  Conditions: z.record(z.string(), z.unknown()).optional(),
  Outputs: z.unknown(),
});
type Template = z.infer<typeof templateSchema>;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'redkite-parameters-'));
  for (const file of ['serverless.yml', 'package.json', 'resources', 'statemachines']) {
    cpSync(join(product, file), join(root, file), { recursive: true });
  }
  for (const file of filesBelow(product, ['functions']).filter((name) => name.endsWith('/handler.ts'))) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), 'export const handler = undefined;\n');
  }
  symlinkSync(join(product, 'node_modules'), join(root, 'node_modules'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function packaged(params: readonly string[], stage = 'prod') {
  const args = ['package', '--stage', stage, ...params.flatMap((param) => ['--param', param])];
  const { exitCode, all } = await execa('serverless', args, { cwd: root, reject: false, all: true, env: { CI: '1' } });
  return { exitCode, all };
}

function readTemplate(): Template {
  const file = join(root, '.serverless/cloudformation-template-update-stack.json');
  return templateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Logical ids that something refers to. */
function referred(value: unknown, into = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) referred(item, into);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return into;
  for (const [name, item] of Object.entries(value)) {
    if (name === 'Ref' && typeof item === 'string') into.add(item);
    else if (name === 'Fn::GetAtt') into.add(String((item as string[])[0]));
    else if (name === 'DependsOn') for (const id of [item].flat()) into.add(String(id));
    else if (name === 'Fn::Sub') {
      const [text, names] = [item].flat() as [string, object?];
      for (const [, id = ''] of text.matchAll(/\$\{([A-Za-z0-9]+)/g)) if (!(id in (names ?? {}))) into.add(id);
      referred(names, into);
    } else referred(item, into);
  }
  return into;
}

test(
  'what is wrong ends it: each parameter by its name, and nothing is packaged',
  async () => {
    const { exitCode, all } = await packaged(['heldRequests=many', 'HoldSeconds=3', 'outbound=private']);
    expect(exitCode).not.toBe(0);
    expect(all).toContain('The parameter heldRequests is "many", and has to be a whole number from 2 to 10000.');
    expect(all).toContain('There is no parameter HoldSeconds: did you mean holdSeconds?');
    expect(all).toContain('The parameter outbound is "private", and has to be one of public, nat, endpoints, own.');
    expect(all).toContain('Nothing was changed.');
    expect(existsSync(join(root, '.serverless'))).toBe(false);
  },
  PACKAGED_MS,
);

test(
  'a number that the framework itself would complain of is named by us first, and a stage that is too long',
  async () => {
    const { all } = await packaged(['logDays=15'], 'a-stage-with-a-name');
    expect(all).toContain('The parameter logDays is "15"');
    expect(all).toContain('The stage is "a-stage-with-a-name"');
  },
  PACKAGED_MS,
);

test.each<[string, readonly string[], there: readonly string[], gone: readonly string[]]>([
  [
    'nothing but defaults',
    [],
    ['Vpc', 'Messages', 'Objects'],
    ['NatGateway', 'ImagesEndpoint', 'ImagesPolicy', 'PrivateSubnetA'],
  ],
  [
    'everything of its own',
    OWN,
    ['EcsCluster', 'Registry', 'TasksToMessages'],
    [
      'Vpc',
      'SubnetA',
      'RouteTable',
      'ObjectsEndpoint',
      'Messages',
      'MessagesSecret',
      'MessagesSecurityGroup',
      'Objects',
    ],
  ],
  ['an own VPC alone', VPC, ['Messages', 'Objects'], ['Vpc', 'InternetGateway']],
  [
    'a NAT gateway',
    ['outbound=nat', 'spotRoles=querynode,indexnode'],
    ['NatGateway', 'PrivateSubnetC'],
    ['ImagesEndpoint'],
  ],
  [
    'endpoints, and ARM',
    ['outbound=endpoints', `milvusImage=${ECR}/milvus:v2.3.5`, `etcdImage=${ECR}/etcd:v3.6.16`, 'architecture=arm64'],
    ['ImagesEndpoint', 'ImagesPolicy', 'SecretsEndpoint', 'PrivateSubnetA'],
    ['NatGateway'],
  ],
  [
    'a certificate, a key, a mail address, nothing kept',
    [
      `certificateArn=arn:aws:acm:eu-central-1:${ACCOUNT}:certificate/0a1b2c3d-0000`,
      `keyArn=arn:aws:kms:eu-central-1:${ACCOUNT}:key/0a1b2c3d-0000`,
      ...['alarmEmail=ops@example.com', 'afterRemoval=Delete', 'entryScheme=internal', 'entryCidr=10.0.0.0/8'],
    ],
    ['HttpsListener', 'AlarmEmail'],
    [],
  ],
])(
  '%s: a template in which all that is referred to is there, and which cfn-lint accepts',
  async (_, params, there, gone) => {
    const { exitCode, all } = await packaged(params);
    expect([exitCode, exitCode === 0 ? '' : all]).toEqual([0, '']);
    const template = readTemplate();
    const ids = Object.keys(template.Resources);
    expect(ids).toEqual(expect.arrayContaining([...there]));
    expect(ids.filter((id) => gone.includes(id))).toEqual([]);
    const known = new Set([...ids, 'AWS']);
    expect([...referred(template)].filter((id) => !known.has(id) && !id.startsWith('AWS::'))).toEqual([]);
    if (python === undefined) throw new Error('REDKITE_PYTHON must name the Python that has cfn-lint.');
    const file = join(root, '.serverless/cloudformation-template-update-stack.json');
    const lint = await execa(
      join(dirname(python), 'cfn-lint'),
      ['--template', file, '--ignore-checks', 'W3005,W8003', '--regions', 'eu-central-1'],
      { reject: false, all: true },
    );
    expect(lint.all).toBe('');
    rmSync(join(root, '.serverless'), { recursive: true, force: true });
  },
  PACKAGED_MS,
);
