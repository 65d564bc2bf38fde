/**
 * Deploys the very serverless.yml of the product into the emulator, and finds what it made. The template is the one that
 * `serverless package` makes; stack and code are put in place as `serverless deploy` does, but without its waits, and with
 * each function's code under its own hash: what has not changed is not touched, so a cluster may go on meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
  type Stack as StackDescription,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { runningPid } from '../processes.ts';
import { awsEnvironment, type LocalSettings } from '../settings.ts';
import { awsClient, clientConfig } from './aws.ts';
import { sha256, type Entry } from './package/cache.ts';
import { packageFunctions } from './package/functions.ts';
import { fingerprint } from './package/sources.ts';
import { packageTemplate, type PackagedTemplate, type Template } from './package/template.ts';

export interface DeployInput {
  readonly milvusImage: string;
  readonly etcdImage: string;
}

export interface Stack {
  /** Base URL of the HTTP API, without a slash at the end. */
  readonly apiUrl: string;
}

const SOURCES = [
  ...['serverless.yml', 'package.json', 'package-lock.json', 'tsconfig.json'],
  ...['functions', 'resources', 'statemachines'],
];
/** What deploys. */
const OWN_CODE = dirname(fileURLToPath(import.meta.url));
/** The emulator takes any certificate's ARN; the load balancer has the real one. */
const CERTIFICATE = 'certificate/local';
const BUCKET = 'ServerlessDeploymentBucket';
const CAPABILITIES = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'] as const;
/** Seconds. The emulator works on a stack for about one. */
const WAIT = { maxWaitTime: 120, minDelay: 0.02, maxDelay: 0.2 } as const;
const UPLOADS_AT_ONCE = 8;

const codeSchema = z.object({ S3Bucket: z.unknown(), S3Key: z.string() });

const stackName = (settings: LocalSettings) => `redkite-${settings.stage}`;

/** Does nothing when nothing that goes in has changed since the last deployment into the same, still running emulator. */
export async function deploy(
  settings: LocalSettings,
  input: DeployInput,
  report: (line: string) => void = () => undefined,
): Promise<'deployed' | 'unchanged'> {
  const state = join(settings.stateDir, 'deployed');
  const emulator = runningPid(settings, 'emulator') ?? 0;
  const wanted = `${fingerprint(settings.root, SOURCES, [input, fingerprint(OWN_CODE, ['.'], {})])} ${emulator}`;
  if (readIfThere(state) === wanted) return 'unchanged';
  const template = await packageTemplate(settings, deploymentEnvironment(settings, input));
  const code = await packageFunctions(settings, template.handlers, template.bundling, report);
  report('deploying');
  await putStack(settings, template, code);
  writeFileSync(state, wanted);
  return 'deployed';
}

function deploymentEnvironment(settings: LocalSettings, input: DeployInput): Record<string, string> {
  return {
    ...awsEnvironment(settings),
    REDKITE_MILVUS_IMAGE: input.milvusImage,
    REDKITE_ETCD_IMAGE: input.etcdImage,
    REDKITE_OBJECTS_ADDRESS: settings.network.gateway,
    REDKITE_OBJECTS_PORT: String(settings.ports.emulator),
    REDKITE_CERTIFICATE_ARN: `arn:aws:acm:${settings.region}:${settings.accountId}:${CERTIFICATE}`,
  };
}

/** As `serverless deploy` does it: a stack with the bucket alone, the code into the bucket, then the whole stack. */
async function putStack(settings: LocalSettings, template: PackagedTemplate, code: Entry): Promise<void> {
  const cloudFormation = awsClient(settings, CloudFormationClient);
  const StackName = stackName(settings);
  const common = {
    ...{ StackName, Capabilities: [...CAPABILITIES] },
    Tags: Object.entries({ STAGE: settings.stage, ...template.tags }).map(([Key, Value]) => ({ Key, Value })),
  };
  if ((await describe(cloudFormation, StackName)) === undefined) {
    await cloudFormation.send(new CreateStackCommand({ ...common, TemplateBody: JSON.stringify(template.core) }));
    await settled(cloudFormation, StackName, () =>
      waitUntilStackCreateComplete({ client: cloudFormation, ...WAIT }, { StackName }),
    );
  }
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName, LogicalResourceId: BUCKET }),
  );
  const bucket = StackResources[0]?.PhysicalResourceId;
  if (bucket === undefined) throw new Error(`The stack ${StackName} has no ${BUCKET}.`);
  const full = withCode(template.full, code);
  const body = JSON.stringify(full);
  const templateKey = `templates/${sha256(body)}.json`;
  await upload(settings, bucket, new Map([...codeObjects(code), [templateKey, Buffer.from(body)]]));
  const TemplateURL = `${awsEnvironment(settings)['AWS_ENDPOINT_URL'] ?? ''}/${bucket}/${templateKey}`;
  try {
    await cloudFormation.send(new UpdateStackCommand({ ...common, TemplateURL }));
  } catch (error) {
    // A comment was changed, or something back to what it was.
    if (error instanceof Error && error.message.includes('No updates are to be performed')) return;
    throw error;
  }
  await settled(cloudFormation, StackName, () =>
    waitUntilStackUpdateComplete({ client: cloudFormation, ...WAIT }, { StackName }),
  );
}

const codeKey = (file: string, sha: string) => `functions/${sha}-${file}`;

const codeObjects = (code: Entry): [key: string, content: Buffer][] =>
  [...code].map(([file, { sha256: sha, content }]) => [codeKey(file, sha), content]);

/**
 * The template with each function's code under its hash, where the framework names a folder of this moment: only a function
 * that has changed is changed by CloudFormation. Exported for its test.
 */
export function withCode(template: Template, code: Entry): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    // Their names hold hashes of the code, and the framework was given none.
    if (resource.Type === 'AWS::Lambda::Version') throw new Error(`${id}: versions of functions need the code's hash.`);
    if (resource.Type !== 'AWS::Lambda::Function') return [id, resource] as const;
    const { S3Bucket, S3Key } = codeSchema.parse(resource.Properties?.['Code']);
    const file = S3Key.slice(S3Key.lastIndexOf('/') + 1);
    const zip = code.get(file);
    if (zip === undefined) throw new Error(`${id}: there is no ${file} among the functions.`);
    const Code = { S3Bucket, S3Key: codeKey(file, zip.sha256) };
    return [id, { ...resource, Properties: { ...resource.Properties, Code } }] as const;
  });
  return { ...template, Resources: Object.fromEntries(resources) };
}

async function upload(settings: LocalSettings, Bucket: string, objects: ReadonlyMap<string, Buffer>): Promise<void> {
  const s3 = new S3Client({ ...clientConfig(settings), forcePathStyle: true });
  const there = new Set<string | undefined>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    for (const { Key } of Contents) there.add(Key);
  }
  const missing = [...objects].filter(([key]) => !there.has(key)).values();
  const workers = Array.from({ length: UPLOADS_AT_ONCE }, async () => {
    for (const [Key, Body] of missing) await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  });
  await Promise.all(workers);
}

async function describe(client: CloudFormationClient, StackName: string): Promise<StackDescription | undefined> {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
  } catch (error) {
    // CloudFormation has no error of its own for this.
    if (error instanceof Error && error.message.includes('does not exist')) return undefined;
    throw error;
  }
}

/** Waits, and says what failed: the stack's status alone does not. */
async function settled(client: CloudFormationClient, StackName: string, wait: () => Promise<unknown>): Promise<void> {
  try {
    await wait();
  } catch (error) {
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
    // The newest first: the last one that failed is what made the others fail.
    const first = StackEvents.findLast(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
    const reason = `${first?.LogicalResourceId ?? StackName}: ${first?.ResourceStatusReason ?? 'no reason is given'}`;
    throw new Error(
      `The stack was not deployed. ${reason}\nCorrect serverless.yml or resources/, then run the same command again.`,
      {
        cause: error,
      },
    );
  }
}

export async function describeStack(settings: LocalSettings): Promise<Stack> {
  const stack = await describe(awsClient(settings, CloudFormationClient), stackName(settings));
  const apiId = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'HttpApiId')?.OutputValue;
  if (apiId === undefined) throw new Error('The stack has no output HttpApiId.');
  return { apiUrl: `http://127.0.0.1:${settings.ports.emulator}/_aws/execute-api/${apiId}/$default` };
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
