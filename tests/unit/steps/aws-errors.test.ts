/** What AWS clients throw reaches the machines under the one name that they retry; everything else as it is. */
import { ECSServiceException, ServerException } from '@aws-sdk/client-ecs';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DuplicateRequest } from '@aws-sdk/client-servicediscovery';
import { z } from 'zod';
import { RedkiteError } from '../../../functions/common/lambda/errors.ts';
import { stepHandler } from '../../../functions/common/lambda/step.ts';

const run = (error: unknown) => {
  const handler = stepHandler(z.object({}), () => Promise.reject(error as Error));
  return handler({}, { functionName: 'test', awsRequestId: '1' } as never);
};
const metadata = (httpStatusCode: number) => ({ $metadata: { httpStatusCode, attempts: 3 } });
const s3Error = (name: string, status: number) =>
  new S3ServiceException({ name, $fault: status < 500 ? 'client' : 'server', ...metadata(status), message: 'later' });

test.each<[string, Error]>([
  ['a server error of ECS', new ServerException({ ...metadata(500), message: 'later' })],
  ['S3 that is asked too often', s3Error('SlowDown', 503)],
  ['an inner error of S3', s3Error('InternalError', 500)],
  [
    'a connection that was cut',
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', $metadata: { attempts: 3 } }),
  ],
  ['a gateway on the way', s3Error('Unknown', 502)],
  [
    'an operation of Cloud Map in the way of the next',
    new DuplicateRequest({ ...metadata(400), message: 'The operation is already in progress.' }),
  ],
  [
    'a throttled call',
    new ECSServiceException({
      name: 'ThrottlingException',
      $fault: 'client',
      ...metadata(400),
      message: 'Rate exceeded',
    }),
  ],
])('%s passes', async (_, error) => {
  await expect(run(error)).rejects.toMatchObject({
    name: 'AwsUnavailable',
    message: `${error.name}: ${error.message}`,
    cause: error,
  });
});

test.each<[string, Error]>([
  ['what is not allowed', s3Error('AccessDenied', 403)],
  ['a condition that does not hold', new ConditionalCheckFailedException({ ...metadata(400), message: 'no' })],
  ['an error of ours', new RedkiteError('OwnershipLost', 'x', { cause: s3Error('SlowDown', 503) })],
  ['a bug', new TypeError('x is undefined')],
  ['the network of somebody else than AWS', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })],
])('%s keeps its name', async (_, error) => {
  await expect(run(error)).rejects.toBe(error);
});
