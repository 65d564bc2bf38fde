/**
 * What the local AWS itself takes (bench/floor.ts), begun as ours is begun: a task's process dies, ECS notices, its event goes
 * through a rule and a queue to a function that starts the machine; or StartExecution.
 */
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient, clientConfig } from '../../local/stack/aws.ts';
import { processOf } from '../../tests/chaos/quorum.ts';
import { until } from '../../tests/chaos/stack.ts';
import { clientsOf, emptyMachines, type EmptyMachines, type Steps } from '../floor.ts';

const STACK = 'redkite-bench-floor';
const GROUP = 'bench:floor';
const TIMEOUT_MS = 60_000;
const LOOK_MS = 10;

export interface Floor extends Pick<EmptyMachines, 'afterStart' | 'remove'> {
  /** Milliseconds from the death of a task's process to the end of the empty machine. */
  readonly afterDeath: (steps: Steps) => Promise<number>;
}

/** Begins the machine that the event of a task names in its startedBy, the end of its name. */
const CODE = `
exports.start = async ({ Records }) => {
  for (const { body } of Records) {
    const { taskArn, startedBy } = JSON.parse(body).detail;
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AWSStepFunctions.StartExecution',
        authorization: process.env.AUTHORIZATION,
      },
      body: JSON.stringify({
        stateMachineArn: process.env.MACHINES + startedBy,
        name: taskArn.split('/').at(-1),
      }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
};`;

function template({ authorization, machines }: { readonly authorization: string; readonly machines: string }) {
  return {
    Resources: {
      Start: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: 'nodejs24.x',
          Role: 'arn:aws:iam::000000000000:role/bench',
          Code: { ZipFile: CODE },
          Handler: 'index.start',
          Environment: { Variables: { MACHINES: machines, AUTHORIZATION: authorization } },
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
  };
}

/** What tells the empty machines apart, at the end of their ARN: the number of calls and that of states. */
const STEPS = /\d+-\d+$/u;

export async function prepareFloor(settings: LocalSettings, image: string): Promise<Floor> {
  const cloudFormation = awsClient(settings, CloudFormationClient);
  const ecs = awsClient(settings, ECSClient);
  const empty = await emptyMachines(clientsOf(settings));
  const first: Steps = { calls: 1, states: 1 };
  const machines = (await empty.machineOf(first)).replace(STEPS, '');
  const { region, credentials } = clientConfig(settings);
  // The emulator takes the account and the region from it, and checks nothing.
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${region}/states/aws4_request, SignedHeaders=host, Signature=0`;
  await cloudFormation.send(
    new CreateStackCommand({ StackName: STACK, TemplateBody: JSON.stringify(template({ authorization, machines })) }),
  );
  await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60 }, { StackName: STACK });
  const definition = await registerTask(ecs, image);

  const floor: Floor = {
    afterStart: empty.afterStart,
    afterDeath: async (steps) => {
      const machine = await empty.machineOf(steps);
      const taskArn = await runTask(ecs, settings, definition, machine.slice(machines.length));
      const pid = await processOf(settings, taskArn);
      const killed = Date.now();
      process.kill(pid, 'SIGKILL');
      const name = taskArn.split('/').at(-1) ?? '';
      // It begins a moment after the task has died.
      return (await empty.ended(`${machine.replace(':stateMachine:', ':execution:')}:${name}`)) - killed;
    },
    remove: async () => {
      await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
      await empty.remove();
    },
  };
  // The first one starts the function.
  await floor.afterDeath(first);
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
