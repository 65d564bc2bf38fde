import { registerBatch, taskEventsSchema } from '../../../functions/register-task/batch.ts';
import type { TaskObservation } from '../../../functions/common/cluster/tasks.ts';

const message = (id: string, over: object = {}) => ({
  messageId: id,
  body: JSON.stringify({
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    detail: { taskArn: `arn:aws:ecs:eu-central-1:1:task/c/${id}`, lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
    ...over,
  }),
});

test('one event that cannot be registered keeps none of the others', async () => {
  const seen: string[] = [];
  const register = (task: TaskObservation) => {
    seen.push(task.taskId);
    return task.taskId === 'b' ? Promise.reject(new Error('throttled')) : Promise.resolve();
  };
  const Records = [
    message('a'),
    message('b'),
    { messageId: 'c', body: 'no JSON' },
    message('d', { source: 'somebody' }),
    message('e', { detail: {} }),
    message('f'),
  ];
  const answer = await registerBatch({ Records }, register);
  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['b', 'c', 'd', 'e']);
  expect(seen).toEqual(['a', 'b', 'f']);
});

test('an event that did not come through the queue is refused', () => {
  expect(taskEventsSchema.safeParse({ source: 'aws.ecs', detail: {} }).success).toBe(false);
});
