import { KafkaClient } from '@aws-sdk/client-kafka';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { beginWake } from './begin.ts';

const deps = {
  registry: connectRegistry(),
  kafka: new KafkaClient({}),
  s3: new S3Client({ forcePathStyle: true }),
  messagesArn: requiredEnv('MESSAGES_ARN'),
  bucket: requiredEnv('BUCKET'),
};

export const handler = stepHandler(operationSchema.extend({ owner: z.string() }), (request) =>
  beginWake(deps, request, new Date()),
);
