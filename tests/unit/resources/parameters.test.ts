/** What is wrong with the parameters of a deployment is said before anything changes, in words for somebody who is new to it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readYaml, resourcesOf, ROOT } from './template.ts';

type Values = Readonly<Record<string, string>>;
interface Input {
  readonly stage: string;
  readonly values: Values;
  readonly defaults: Values;
  readonly unknown: readonly string[];
}
const { PARAMETERS, problems } = createRequire(import.meta.url)(join(ROOT, 'resources/parameters.cjs')) as {
  readonly PARAMETERS: Readonly<Record<string, readonly [group: string, type: { says: string }, what: string]>>;
  readonly problems: (input: Input) => string[];
};
const { params } = readYaml('serverless.yml') as { params: Record<'default' | 'local', Record<string, unknown>> };
const defaults: Values = {
  ...Object.fromEntries(Object.entries(params.default).map(([name, value]) => [name, String(value)])),
  objectsAddress: 's3.eu-central-1.amazonaws.com',
};
const wrong = (values: Values, stage = 'prod', unknown: string[] = []) =>
  problems({ stage, values: { ...defaults, ...values }, defaults, unknown });

const VPC = { vpcId: 'vpc-0a1b2c3d', subnetIds: 'subnet-0a1b2c3d,subnet-1a1b2c3d,subnet-2a1b2c3d', outbound: 'own' };
const MSK = {
  messagesArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/logs/0a1b-2c3d-1',
  messagesSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_logs-AbCdEf',
  messagesKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d',
  messagesSecurityGroupId: 'sg-0a1b2c3d',
};
const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

test('each parameter has a default, a type and a meaning, and the defaults are right', () => {
  expect(Object.keys(PARAMETERS).toSorted()).toEqual(Object.keys(params.default).toSorted());
  expect(wrong({})).toEqual([]);
});

test.each<[string, Values]>([
  ['an own VPC', VPC],
  ['an own VPC whose tasks have public addresses', { ...VPC, outbound: 'public' }],
  ['an own VPC and MSK', { ...VPC, ...MSK }],
  ['an own bucket', { objectsBucket: 'our.vectors-1' }],
  ['a small account', { heldRequests: '40', heldPerCluster: '30', relayedRequests: '10' }],
  ['an own key', { keyArn: MSK.messagesKeyArn }],
  ['private subnets with a NAT gateway', { outbound: 'nat', vpcCidr: '172.31.128.0/17' }],
  ['endpoints', { outbound: 'endpoints', milvusImage: `${ECR}/milvus:v2.3.5`, etcdImage: `${ECR}/etcd:v3.6.16` }],
  ['a certificate', { certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0000' }],
  [
    'Spot, ARM, an internal entry',
    { spotRoles: 'querynode,indexnode', architecture: 'arm64', entryScheme: 'internal' },
  ],
  ['an image by its digest', { milvusImage: `milvusdb/milvus@sha256:${'a'.repeat(64)}` }],
  [
    'local mode',
    {
      milvusImage: 'localhost/redkite-milvus:abc',
      objectsAddress: '10.89.1.1',
      registrars: '2',
      certificateArn: 'arn:aws:acm:eu-central-1:000000000000:certificate/local',
    },
  ],
])('right: %s', (_, values) => {
  expect(wrong(values)).toEqual([]);
});

test.each<[name: string, value: string]>([
  ['heldRequests', 'many'],
  ['heldRequests', '1'],
  ['heldPerCluster', '0'],
  ['heldRequests', '1.5'],
  ['relayedRequests', '0'],
  ['holdSeconds', '126'],
  ['holdSeconds', '-1'],
  ['wakeGoalSeconds', ''],
  ['registrars', '1'],
  ['logDays', '15'],
  ['alarms', 'yes'],
  ['alarmEmail', 'ops at example.com'],
  ['architecture', 'arm'],
  ['spotRoles', 'proxy'],
  ['spotRoles', 'querynode,querynode'],
  ['certificateArn', 'arn:aws:iam::123456789012:server-certificate/x'],
  ['entryScheme', 'public'],
  ['entryCidr', '10.0.0.0'],
  ['entryCidr', '10.0.0.256/8'],
  ['entryCidr', '10.0.0.0/33'],
  ['outbound', 'ENABLED'],
  ['vpcCidr', '10.80.0.0/24'],
  ['vpcCidr', '8.8.0.0/16'],
  ['vpcCidr', '10.80.1.0/16'],
  ['vpcCidr', '172.32.0.0/16'],
  ['subnetIds', 'subnet-0a1b2c3d'],
  ['namespaceName', 'Redkite'],
  ['brokerType', 't3.small'],
  ['brokerVolumeGiB', '20GB'],
  ['messagesSecretArn', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:logs-AbCdEf'],
  ['objectsBucket', 's3://vectors'],
  ['keyArn', 'alias/mine'],
  ['afterRemoval', 'keep'],
  ['milvusImage', 'milvus; rm'],
])('wrong: %s=%s is named, with what it may be and its default', (name, value) => {
  const [first, ...more] = wrong({ [name]: value });
  expect(more).toEqual([]);
  expect(first).toContain(`The parameter ${name} is "${value}", and has to be `);
  expect(first).toMatch(new RegExp(`It is: .+\\. The default is "[^"]*"\\.$`));
});

test.each<[string, Values, RegExp]>([
  ['half a VPC', { vpcId: VPC.vpcId, outbound: 'own' }, /vpcId and subnetIds go together/],
  [
    'subnets of the entry without a VPC',
    { entrySubnetIds: VPC.subnetIds },
    /entrySubnetIds are subnets of your own VPC/,
  ],
  ['a NAT gateway in an own VPC', { ...VPC, outbound: 'nat' }, /outbound is nat.*vpcId/],
  ['a way of its own without an own VPC', { outbound: 'own' }, /outbound is own, but there is no vpcId/],
  [
    'endpoints with images from elsewhere',
    { outbound: 'endpoints' },
    /milvusImage and etcdImage have to be copies in your ECR/,
  ],
  [
    'endpoints with one image from elsewhere',
    { outbound: 'endpoints', milvusImage: `${ECR}/milvus:v2.3.5` },
    /milvusImage and etcdImage have to be copies in your ECR/,
  ],
  ['half an MSK', { ...VPC, ...MSK, messagesKeyArn: '' }, /missing: messagesKeyArn\./],
  ['an MSK without its VPC', MSK, /messagesArn is an MSK of your own, so its VPC/],
  [
    'a share that leaves nothing',
    { heldRequests: '200' },
    /heldPerCluster is 200, and has to be below heldRequests \(200\)/,
  ],
  ['a key for an own bucket', { objectsBucket: 'vectors', keyArn: MSK.messagesKeyArn }, /leave keyArn out/],
])('what does not go together: %s', (_, values, says) => {
  expect(wrong(values)).toEqual([expect.stringMatching(says)]);
});

describe('tasks may read the repositories of their images, where these can come from nowhere else', () => {
  const { repositoryOf } = createRequire(import.meta.url)(join(ROOT, 'resources/ecr.cjs')) as {
    readonly repositoryOf: (image: string) => string | undefined;
  };
  const { imageRepositories } = createRequire(import.meta.url)(join(ROOT, 'resources/choices.cjs')) as {
    readonly imageRepositories: (given: { resolveVariable: (variable: string) => Promise<string> }) => Promise<unknown>;
  };
  const arn = (name: string) => `arn:\${AWS::Partition}:ecr:eu-central-1:123456789012:repository/${name}`;

  test.each<[string, string | undefined]>([
    [`${ECR}/milvus:v2.3.5`, arn('milvus')],
    [`${ECR}/team-a/etcd@sha256:${'0'.repeat(64)}`, arn('team-a/etcd')],
    [`${ECR}/etcd`, arn('etcd')],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/etcd:v3', arn('etcd').replace('eu-central-1', 'cn-north-1')],
    ['milvusdb/milvus:v2.3.5', undefined],
    ['registry.example.com/x.dkr.ecr.eu-central-1.amazonaws.com/milvus:v1', undefined],
    ['public.ecr.aws/milvus/milvus:v2.3.5', undefined],
  ])('%s', (image, repository) => {
    expect(repositoryOf(image)).toBe(repository);
  });

  test('the two of them, each once; and no others are in the policy', async () => {
    const given = (images: Values) => ({
      resolveVariable: (variable: string) => Promise.resolve(images[variable.slice('param:'.length)] ?? ''),
    });
    const two = { milvusImage: `${ECR}/milvus:v2.3.5`, etcdImage: `${ECR}/etcd:v3.6.16` };
    expect(await imageRepositories(given(two))).toEqual([{ 'Fn::Sub': arn('milvus') }, { 'Fn::Sub': arn('etcd') }]);
    expect(await imageRepositories(given({ ...two, etcdImage: `${ECR}/milvus:etcd` }))).toEqual([
      { 'Fn::Sub': arn('milvus') },
    ]);
    const [, policy] = resourcesOf('outbound/endpoints.yml').find(([id]) => id === 'ImagesPolicy') ?? [];
    const { Roles, PolicyDocument } = policy?.Properties as {
      Roles: unknown;
      PolicyDocument: { Statement: { Action: string | string[]; Resource: string }[] };
    };
    expect(Roles).toEqual([{ Ref: 'TaskExecutionRole' }]);
    // The token is for the registry as a whole, and says only who asks.
    expect(PolicyDocument.Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['ecr:GetAuthorizationToken', '*'],
      [
        ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        '${file(resources/choices.cjs):imageRepositories}',
      ],
    ]);
  });
});

test('a stage whose names AWS would refuse, and a parameter that does not exist', () => {
  expect(wrong({}, 'my-long-stage-name')).toEqual([expect.stringContaining('The stage is "my-long-stage-name"')]);
  expect(wrong({}, 'prod', ['HoldSeconds', 'colour'])).toEqual([
    'There is no parameter HoldSeconds: did you mean holdSeconds?',
    'There is no parameter colour. docs/deploy-aws.md lists them.',
  ]);
});

test('everything that is wrong is said at once', () => {
  expect(wrong({ alarms: 'maybe', logDays: 'none' })).toHaveLength(2);
});
