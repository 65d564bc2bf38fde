/** A VPC, an MSK or a bucket of one's own: nothing of them is made, and nothing refers to what is not there. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { allResources, readYaml, ROOT } from './template.ts';

interface Template {
  readonly Resources: Readonly<Record<string, object>>;
  readonly Outputs?: object;
}
type Given = Readonly<Record<string, object>>;
const { give, givenBy } = createRequire(import.meta.url)(join(ROOT, 'resources/given.cjs')) as {
  readonly give: (template: Template, given: Given) => Template;
  readonly givenBy: (values: Readonly<Record<string, string>>) => Given;
};
const NOTHING = {
  ...{ vpcId: '', subnetIds: '', entrySubnetIds: '', objectsBucket: '', messagesArn: '', messagesSecretArn: '' },
  ...{ messagesKeyArn: '', messagesSecurityGroupId: '' },
};
const EVERYTHING = {
  vpcId: 'vpc-1',
  subnetIds: 'subnet-a,subnet-b,subnet-c',
  entrySubnetIds: '',
  objectsBucket: 'vectors',
  messagesArn: 'arn:msk/logs/1',
  messagesSecretArn: 'arn:secret',
  messagesKeyArn: 'arn:key',
  messagesSecurityGroupId: 'sg-1',
};

test('without anything given the template stays as it is', () => {
  const template = { Resources: { Vpc: { Type: 'AWS::EC2::VPC' }, A: { DependsOn: ['Vpc'], P: { Ref: 'Vpc' } } } };
  expect(give(template, givenBy(NOTHING))).toEqual(template);
});

test('each form of reference says the given thing itself', () => {
  const { Resources, Outputs } = give(
    {
      Resources: {
        Vpc: {},
        SubnetB: {},
        Objects: {},
        Other: {
          DependsOn: ['Vpc', 'Registry'],
          Only: { Ref: 'SubnetB' },
          List: [{ Ref: 'Vpc' }, { Ref: 'Registry' }],
          Arn: { 'Fn::GetAtt': ['Objects', 'Arn'] },
          Short: { 'Fn::GetAtt': 'MessagesKey.Arn' },
          Text: { 'Fn::Sub': '${Objects.Arn}/clusters/* of ${Objects} in ${AWS::Region}, ${Registry.Arn}' },
          Deep: {
            'Fn::Sub': [
              '${Name} ${Objects}',
              { Name: { 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Messages' }] }] } },
            ],
          },
        },
      },
      Outputs: { Bucket: { Value: { Ref: 'Objects' } } },
    },
    givenBy(EVERYTHING),
  );
  expect(Resources).toEqual({
    Other: {
      DependsOn: ['Registry'],
      Only: 'subnet-b',
      List: ['vpc-1', { Ref: 'Registry' }],
      Arn: { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::vectors' },
      Short: 'arn:key',
      Text: {
        'Fn::Sub': 'arn:${AWS::Partition}:s3:::vectors/clusters/* of vectors in ${AWS::Region}, ${Registry.Arn}',
      },
      Deep: {
        'Fn::Sub': ['${Name} vectors', { Name: { 'Fn::Select': [1, { 'Fn::Split': ['/', 'arn:msk/logs/1'] }] } }],
      },
    },
  });
  expect(Outputs).toEqual({ Bucket: { Value: 'vectors' } });
});

test('what nobody said of a given thing ends the packaging instead of the deployment', () => {
  const template = { Resources: { A: { Zone: { 'Fn::GetAtt': ['SubnetA', 'AvailabilityZone'] } } } };
  expect(() => give(template, givenBy(EVERYTHING))).toThrow('SubnetA, and something needs its AvailabilityZone');
});

test('all that is replaced exists in resources/', () => {
  const ids = allResources().map(([id]) => id);
  expect(ids).toEqual(expect.arrayContaining(Object.keys(givenBy(EVERYTHING))));
});

test('what is made in or of a given thing goes with it', () => {
  const { Resources } = readYaml('resources/network.yml') as Template;
  const left = Object.keys(give({ Resources }, { ...givenBy(EVERYTHING) }).Resources);
  expect(left.filter((id) => !/SecurityGroup$|^(Tasks|Entry|Functions)/.test(id))).toEqual([]);
});
