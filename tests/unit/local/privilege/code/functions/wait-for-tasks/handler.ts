import { ECSClient, waitUntilTasksRunning } from '@aws-sdk/client-ecs';

export const handler = (): Promise<unknown> =>
  waitUntilTasksRunning({ client: new ECSClient({}), maxWaitTime: 1 }, { tasks: ['one'] });
