/**
 * What the local AWS itself takes: a machine of as many calls and transitions as ours, of a function that does nothing, begun as
 * ours is begun (a task's process dies, ECS notices, its event goes through a rule and a queue to a function that starts the
 * machine; or StartExecution). On AWS all of this takes another time: that is why it is measured apart.
 */
import { randomBytes } from 'node:crypto';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient, clientConfig } from '../../local/stack/aws.ts';
import { processOf } from '../../tests/chaos/quorum.ts';
import { until } from '../../tests/chaos/stack.ts';

const STACK = 'redkite-bench-floor';
const GROUP = 'bench:floor';
const TIMEOUT_MS = 60_000;
const LOOK_MS = 10;

/** Of a machine: calls of functions, and all states that were entered. */
export interface Steps {
  readonly calls: number;
  readonly states: number;
}

export interface Floor {
  /** Milliseconds from the death of a task's process to the end of the empty machine. */
  readonly afterDeath: (steps: Steps) => Promise<number>;
  /** Milliseconds from StartExecution to the end of the empty machine. */
  readonly afterStart: (steps: Steps) => Promise<number>;
  readonly remove: () => Promise<void>;
}

/** `nothing` does nothing; `start` begins the machine named by the event of a task, whose startedBy says how long it is to be. */
const CODE = `
exports.nothing = async () => ({});
exports.start = async ({ Records }) => {
  for (const { body } of Records) {
    const { taskArn, startedBy } = JSON.parse(body).detail;
    const [calls, states] = startedBy.split('-').map(Number);
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AWSStepFunctions.StartExecution',
        authorization: process.env.AUTHORIZATION,
      },
      body: JSON.stringify({
        stateMachineArn: process.env.MACHINE,
        name: taskArn.split('/').at(-1),
        input: JSON.stringify({ calls, states }),
      }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
};`;

/** Calls and passes in turns, as our machines have a choice after each call, until so many states were entered. */
const DEFINITION = {
  QueryLanguage: 'JSONata',
  StartAt: 'Begin',
  States: {
    Begin: {
      Type: 'Pass',
      Assign: { calls: '{% $states.input.calls %}', left: '{% $states.input.states - 3 %}' },
      Next: 'What?',
    },
    'What?': {
      Type: 'Choice',
      Choices: [
        {
          Condition: '{% $calls > 0 %}',
          Assign: { calls: '{% $calls - 1 %}', left: '{% $left - 2 %}' },
          Next: 'Call',
        },
        { Condition: '{% $left > 1 %}', Assign: { left: '{% $left - 2 %}' }, Next: 'Nothing' },
      ],
      Default: 'End',
    },
    Call: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: '${Function}', Payload: { calls: '{% $calls %}' } },
      Next: 'What?',
    },
    Nothing: { Type: 'Pass', Next: 'What?' },
    End: { Type: 'Succeed' },
  },
};

function template(authorization: string) {
  const code = { Runtime: 'nodejs24.x', Role: 'arn:aws:iam::000000000000:role/bench', Code: { ZipFile: CODE } };
  return {
    Resources: {
      Nothing: { Type: 'AWS::Lambda::Function', Properties: { ...code, Handler: 'index.nothing' } },
      Machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: STACK,
          RoleArn: code.Role,
          DefinitionString: JSON.stringify(DEFINITION),
          DefinitionSubstitutions: { Function: { 'Fn::GetAtt': ['Nothing', 'Arn'] } },
        },
      },
      Start: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          ...code,
          Handler: 'index.start',
          Environment: { Variables: { MACHINE: { Ref: 'Machine' }, AUTHORIZATION: authorization } },
        },
      },
      Events: { Type: 'AWS::SQS::Queue', Properties: { QueueName: STACK } },
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Events', 'Arn'] },
          FunctionName: { Ref: 'Start' },
          BatchSize: 10,
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventPattern: {
            source: ['aws.ecs'],
            'detail-type': ['ECS Task State Change'],
            // The first event of a task that goes, as it is for the registrar.
            detail: { group: [GROUP], lastStatus: ['RUNNING'], desiredStatus: ['STOPPED'] },
          },
          Targets: [{ Id: 'events', Arn: { 'Fn::GetAtt': ['Events', 'Arn'] } }],
        },
      },
    },
    Outputs: { Machine: { Value: { Ref: 'Machine' } } },
  };
}

export async function prepareFloor(settings: LocalSettings, image: string): Promise<Floor> {
  const cloudFormation = awsClient(settings, CloudFormationClient);
  const ecs = awsClient(settings, ECSClient);
  const sfn = awsClient(settings, SFNClient);
  const { region, credentials } = clientConfig(settings);
  // The emulator takes the account and the region from it, and checks nothing.
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${region}/states/aws4_request, SignedHeaders=host, Signature=0`;
  await cloudFormation.send(
    new CreateStackCommand({ StackName: STACK, TemplateBody: JSON.stringify(template(authorization)) }),
  );
  await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60 }, { StackName: STACK });
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
  const machine = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'Machine')?.OutputValue ?? '';
  const ended = (executionArn: string) =>
    until(
      `the end of ${executionArn}`,
      TIMEOUT_MS,
      async () => {
        const described = await sfn.send(new DescribeExecutionCommand({ executionArn })).catch((error: unknown) => {
          // It begins a moment after the task has died.
          if (error instanceof ExecutionDoesNotExist) return undefined;
          throw error;
        });
        if (described === undefined || described.status === 'RUNNING') return undefined;
        const { status, stopDate, error, cause } = described;
        if (status === 'SUCCEEDED' && stopDate !== undefined) return stopDate.getTime();
        throw new Error(`${executionArn} ended ${status ?? ''}: ${error ?? ''} ${cause ?? ''}`);
      },
      LOOK_MS,
    );
  const definition = await registerTask(ecs, image);

  const floor = {
    afterStart: async ({ calls, states }: Steps) => {
      const started = Date.now();
      const { executionArn = '' } = await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: machine,
          name: `start-${randomBytes(4).toString('hex')}`,
          input: JSON.stringify({ calls, states }),
        }),
      );
      return (await ended(executionArn)) - started;
    },
    afterDeath: async ({ calls, states }: Steps) => {
      const taskArn = await runTask(ecs, settings, definition, `${calls}-${states}`);
      const pid = await processOf(settings, taskArn);
      const killed = Date.now();
      process.kill(pid, 'SIGKILL');
      const name = taskArn.split('/').at(-1) ?? '';
      return (await ended(`${machine.replace(':stateMachine:', ':execution:')}:${name}`)) - killed;
    },
    remove: async () => {
      await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    },
  };
  // The first of each starts the functions.
  await floor.afterStart({ calls: 1, states: 5 });
  await floor.afterDeath({ calls: 1, states: 5 });
  return floor;
}

async function registerTask(ecs: ECSClient, image: string): Promise<string> {
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: STACK,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      ...{ cpu: '256', memory: '512' },
      containerDefinitions: [{ name: 'etcd', image, command: ['etcd', '--data-dir', '/tmp/etcd'], essential: true }],
    }),
  );
  return taskDefinition?.taskDefinitionArn ?? '';
}

async function runTask(ecs: ECSClient, settings: LocalSettings, taskDefinition: string, startedBy: string) {
  const cluster = `redkite-${settings.stage}`;
  const { tasks: [started] = [] } = await ecs.send(
    new RunTaskCommand({ cluster, taskDefinition, launchType: 'FARGATE', group: GROUP, startedBy }),
  );
  const taskArn = started?.taskArn ?? '';
  await until(
    'a task that runs',
    TIMEOUT_MS,
    async () => {
      const { tasks: [task] = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }));
      return task?.lastStatus === 'RUNNING' ? true : undefined;
    },
    LOOK_MS,
  );
  return taskArn;
}
