/** The comparison of roles with code on a small project of its own; `npm run check` does it with the real one. */
import { join } from 'node:path';
import { actionsOf } from '../../../../local/privilege/actions.ts';
import { callsFrom, readCode } from '../../../../local/privilege/calls.ts';
import { compareRole, functionNeeds, machineNeeds } from '../../../../local/privilege/compare.ts';
import { templateSchema, type Template } from '../../../../local/privilege/template.ts';

const root = join(import.meta.dirname, 'code');
const entry = (name: string) => join(root, 'functions', name, 'handler.ts');
const code = readCode(
  root,
  ['read-object', 'start-work', 'wait-for-tasks'].map(entry),
  join(root, '../../../../../tsconfig.json'),
);
const reached = (name: string) => callsFrom(code, entry(name));

interface Statement {
  readonly Action: string;
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
type Roles = Readonly<Record<'ReadRole' | 'StartRole' | 'MachineRole', readonly Statement[]>>;

const execution = (machine: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:redkite-dev-${machine}:*`,
});
const log = (name: string): Statement[] =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((Action) => ({
    Action,
    Resource: `arn:aws:logs:r:1:log-group:/aws/lambda/redkite-dev-${name}:*`,
  }));
const rule = 'arn:aws:events:r:1:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';
const roles: Roles = {
  ReadRole: [
    ...log('read'),
    { Action: 's3:GetObject', Resource: { 'Fn::Sub': '${Objects.Arn}/metadata/*' } },
    { Action: 's3:ListBucket', Resource: { 'Fn::GetAtt': ['Objects', 'Arn'] } },
  ],
  StartRole: [
    ...log('start'),
    { Action: 'ecs:RunTask', Resource: 'arn:aws:ecs:r:1:task-definition/redkite-dev-*' },
    { Action: 'ecs:TagResource', Resource: 'arn:aws:ecs:r:1:task/redkite-dev/*' },
    { Action: 'iam:PassRole', Resource: { 'Fn::GetAtt': ['TaskRole', 'Arn'] } },
    { Action: 'states:StartExecution', Resource: { Ref: 'Outer' } },
    { Action: 'dynamodb:Query', Resource: { 'Fn::Sub': '${Registry.Arn}/index/clusters' } },
  ],
  MachineRole: [
    { Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['ReadFunction', 'Arn'] } },
    { Action: 'states:StartExecution', Resource: { Ref: 'Inner' } },
    { Action: 'states:DescribeExecution', Resource: execution('inner') },
    { Action: 'states:StopExecution', Resource: execution('inner') },
    ...['events:PutTargets', 'events:PutRule', 'events:DescribeRule'].map((Action) => ({ Action, Resource: rule })),
  ],
};

const definition = {
  StartAt: 'Both',
  States: {
    Both: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Read',
          States: {
            Read: {
              Type: 'Task',
              Resource: 'arn:aws:states:::lambda:invoke',
              Arguments: { FunctionName: '${Read}' },
              End: true,
            },
          },
        },
      ],
      Next: 'Nest',
    },
    Nest: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Arguments: { StateMachineArn: '${Inner}' },
      End: true,
    },
  },
};

function template(statements: Roles): Template {
  const role = (id: keyof Roles) => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      Policies: [{ PolicyDocument: { Statement: statements[id].map((one) => ({ Effect: 'Allow', ...one })) } }],
    },
  });
  const lambda = (folder: string, Role: string, Variables: object) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Handler: `functions/${folder}/handler.handler`,
      Role: { 'Fn::GetAtt': [Role, 'Arn'] },
      Environment: { Variables },
    },
  });
  const machine = (name: string, substitutions: object) => ({
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: `redkite-dev-${name}`,
      RoleArn: { 'Fn::GetAtt': ['MachineRole', 'Arn'] },
      DefinitionString: JSON.stringify(definition),
      DefinitionSubstitutions: substitutions,
    },
  });
  return templateSchema.parse({
    Resources: {
      Objects: { Type: 'AWS::S3::Bucket' },
      Registry: { Type: 'AWS::DynamoDB::Table' },
      TaskRole: { Type: 'AWS::IAM::Role' },
      ReadFunction: lambda('read-object', 'ReadRole', { BUCKET: { Ref: 'Objects' } }),
      StartFunction: lambda('start-work', 'StartRole', {
        MACHINE_ARN: { Ref: 'Outer' },
        TASK_ROLE_ARN: { 'Fn::GetAtt': ['TaskRole', 'Arn'] },
      }),
      Outer: machine('outer', { Read: { 'Fn::GetAtt': ['ReadFunction', 'Arn'] }, Inner: { Ref: 'Inner' } }),
      Inner: machine('inner', { Read: { 'Fn::GetAtt': ['ReadFunction', 'Arn'] }, Inner: { Ref: 'Inner' } }),
      ReadRole: role('ReadRole'),
      StartRole: role('StartRole'),
      MachineRole: role('MachineRole'),
    },
  });
}

const WITHOUT_RESOURCES = ['ecs:DescribeClusters'];
/** Knows every action. */
const aws = { has: () => true, get: (action: string) => !WITHOUT_RESOURCES.includes(action) } as unknown as ReadonlyMap<
  string,
  boolean
>;

function differences(statements: Roles): string[] {
  const scope = { template: template(statements), stage: 'dev', aws };
  return [
    ...compareRole(scope, 'ReadRole', functionNeeds(code, scope.template, 'ReadFunction')),
    ...compareRole(scope, 'StartRole', functionNeeds(code, scope.template, 'StartFunction')),
    ...compareRole(scope, 'MachineRole', machineNeeds(scope.template, 'Outer')),
  ];
}

describe('the walk', () => {
  test('brings in what is used of a file and of an object, and nothing beside it', () => {
    expect(reached('read-object').map(({ command }) => command)).toEqual(['GetObject']);
  });

  test('tells where, and what the call is given by way of a variable', () => {
    const [run] = reached('start-work').filter(({ command }) => command === 'RunTask');
    expect(run?.at).toMatch(/^functions\/start-work\/handler\.ts:\d+$/);
    expect(run && actionsOf(run)).toEqual(['ecs:RunTask', 'iam:PassRole', 'ecs:TagResource']);
  });

  test('refuses what it does not understand', () => {
    expect(() => reached('wait-for-tasks')).toThrow(/waitUntilTasksRunning .* neither a command/);
  });
});

describe('the comparison', () => {
  test('finds nothing where each role is what is needed', () => {
    expect(differences(roles)).toEqual([]);
  });

  const each = Object.entries(roles).flatMap(([role, statements]: [string, readonly Statement[]]) =>
    statements.map((statement) => ({ role, statement })),
  );
  const changed = (role: string, change: (statements: readonly Statement[]) => readonly Statement[]): Roles => ({
    ...roles,
    [role]: change(roles[role as keyof Roles]),
  });

  test.each(each)('$role without $statement.Action', ({ role, statement }) => {
    const found = differences(changed(role, (statements) => statements.filter((one) => one !== statement)));
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${role}: ${statement.Action}.* is missing`)));
  });

  test.each(Object.keys(roles))('%s with one action more', (role) => {
    const more = { Action: 's3:DeleteObject', Resource: { 'Fn::Sub': '${Objects.Arn}/*' } };
    expect(differences(changed(role, (statements) => [...statements, more]))).toEqual([
      `${role}: s3:DeleteObject is granted, and nothing calls it`,
    ]);
  });

  test.each([
    ['another stage', 's3:GetObject', 'arn:aws:s3:::redkite-prod/*', 'reaches beyond the stage'],
    ['a stage with a longer name', 's3:GetObject', 'arn:aws:s3:::redkite-develop/*', 'reaches beyond the stage'],
    ['everything', 's3:GetObject', '*', 'reaches beyond the stage'],
    [
      'a resource where AWS knows none',
      'ecs:DescribeClusters',
      'arn:aws:ecs:r:1:cluster/redkite-dev',
      'knows no resources',
    ],
    ['a wildcard', 's3:Get*', { 'Fn::GetAtt': ['Objects', 'Arn'] }, 'every action is to be named'],
  ])('a grant on %s', (_, Action, Resource, said) => {
    const found = differences(changed('ReadRole', (statements) => [...statements, { Action, Resource }]));
    expect(found).toContainEqual(expect.stringContaining(said));
  });

  test('a machine that may be started, and is not', () => {
    const more = { Action: 'states:StartExecution', Resource: { Ref: 'Inner' } };
    expect(differences(changed('StartRole', (statements) => [...statements, more]))).toEqual([
      'StartRole: states:StartExecution on Inner is granted, and nothing asks for it',
    ]);
  });

  test('a role of which more than its statements decides', () => {
    const changedTemplate = template(roles);
    Object.assign(changedTemplate.Resources['ReadRole']?.Properties ?? {}, {
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/Any'],
    });
    const scope = { template: changedTemplate, stage: 'dev', aws };
    expect(() => compareRole(scope, 'ReadRole', { actions: new Map(), targets: new Map() })).toThrow(
      /ManagedPolicyArns/,
    );
  });
});
