/**
 * Deploys the very serverless.yml of the product into the emulator, and finds what it made. A deployment is skipped when
 * nothing that goes into it has changed since the last one into the same, still running emulator.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { execa } from 'execa';
import { logFile, logTail, runningPid } from '../processes.ts';
import { awsEnvironment, type LocalSettings } from '../settings.ts';
import { awsClient } from './aws.ts';

export interface DeployInput {
  readonly milvusImage: string;
  readonly etcdImage: string;
}

export interface Stack {
  /** Base URL of the HTTP API, without a slash at the end. */
  readonly apiUrl: string;
}

const SOURCES = ['serverless.yml', 'package-lock.json', 'functions', 'resources', 'statemachines'];
/** The emulator takes any certificate's ARN; the load balancer has the real one. */
const CERTIFICATE = 'certificate/local';

export async function deploy(settings: LocalSettings, input: DeployInput): Promise<'deployed' | 'unchanged'> {
  const state = join(settings.stateDir, 'deployed');
  const wanted = `${fingerprint(settings, input)} ${runningPid(settings, 'emulator') ?? 0}`;
  if (readIfThere(state) === wanted) return 'unchanged';
  mkdirSync(settings.logDir, { recursive: true });
  const result = await execa('serverless', ['deploy', '--stage', settings.stage, '--region', settings.region], {
    cwd: settings.root,
    reject: false,
    all: true,
    env: {
      ...awsEnvironment(settings),
      // Milliseconds between two looks at the stack, 5,000 otherwise: here it is ready at once.
      SLS_AWS_MONITORING_FREQUENCY: '100',
      REDKITE_MILVUS_IMAGE: input.milvusImage,
      REDKITE_ETCD_IMAGE: input.etcdImage,
      REDKITE_OBJECTS_ADDRESS: settings.network.gateway,
      REDKITE_OBJECTS_PORT: String(settings.ports.emulator),
      REDKITE_CERTIFICATE_ARN: `arn:aws:acm:${settings.region}:${settings.accountId}:${CERTIFICATE}`,
    },
  });
  writeFileSync(logFile(settings, 'deploy'), result.all);
  if (result.exitCode !== 0) {
    throw new Error(
      `serverless deploy failed. Log: ${logFile(settings, 'deploy')}\n${logTail(settings, 'deploy', 25)}\n` +
        'Correct serverless.yml or resources/, then run the same command again.',
    );
  }
  writeFileSync(state, wanted);
  return 'deployed';
}

function fingerprint(settings: LocalSettings, input: DeployInput): string {
  const hash = createHash('sha256').update(JSON.stringify(input));
  for (const source of SOURCES) {
    const path = join(settings.root, source);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path];
    for (const file of files) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex');
}

export async function describeStack(settings: LocalSettings): Promise<Stack> {
  const client = awsClient(settings, CloudFormationClient);
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: `redkite-${settings.stage}` }));
  const outputs = new Map(Stacks[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const output = (name: string) => {
    const value = outputs.get(name);
    if (value === undefined) throw new Error(`The stack has no output ${name}.`);
    return value;
  };
  return {
    apiUrl: `http://127.0.0.1:${settings.ports.emulator}/_aws/execute-api/${output('HttpApiId')}/$default`,
  };
}

/** The Kafka user that the deployment generated. */
export async function messagesUser(settings: LocalSettings): Promise<{ username: string; password: string }> {
  const client = awsClient(settings, SecretsManagerClient);
  const { SecretString } = await client.send(
    new GetSecretValueCommand({ SecretId: `AmazonMSK_redkite-${settings.stage}` }),
  );
  return JSON.parse(SecretString ?? '{}') as { username: string; password: string };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
