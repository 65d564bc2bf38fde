/**
 * A Milvus role dies without a word, as with an exhausted memory or the machine under it. Its successor must not wait until the
 * session of the one before has run out, and nobody may be sent to the dead one until then (functions/retire-session).
 */
import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { observeTask } from '../../functions/common/cluster/tasks.ts';
import { prefixEnd } from '../../functions/common/etcd/messages.ts';
import { leasesAt, sessionsOf } from '../../functions/common/milvus/sessions.ts';
import { useDemo } from './demo.ts';
import { etcd, processOf } from './quorum.ts';
import { startSearching, type Searcher } from './searcher.ts';
import { until } from './stack.ts';

const { settings, stack, quorum } = useDemo();
/** Of which an event, a function that starts cold, and a transaction take a few seconds. */
const NOTICED_MS = 20_000;
/** Milvus keeps a session for 60 s (common/releases/profiles.ts). */
const SEARCHED_MS = 45_000;
const ECS_CLUSTER = `redkite-${settings.stage}`;

let searcher: Searcher | undefined;
afterEach(() => searcher?.stop());

async function taskOf(role: string): Promise<{ taskArn: string; address: string }> {
  const listed = await stack.ecs.send(new ListTasksCommand({ cluster: ECS_CLUSTER, serviceName: `demo_${role}` }));
  const { tasks = [] } = await stack.ecs.send(
    new DescribeTasksCommand({ cluster: ECS_CLUSTER, tasks: listed.taskArns ?? [] }),
  );
  const [task] = tasks.map(observeTask).filter(({ lastStatus }) => lastStatus === 'RUNNING');
  if (task?.address === undefined) throw new Error(`No ${role} runs.`);
  return { taskArn: task.taskArn, address: task.address };
}

/** Leases under which a task at this address is registered. */
async function registered(address: string): Promise<string[]> {
  const [member] = await quorum.members();
  if (member === undefined) throw new Error('The quorum has no member.');
  const key = sessionsOf('demo');
  const { kvs = [] } = (await etcd(member.address, 'kv/range', {
    key: Buffer.from(key).toString('base64'),
    range_end: prefixEnd(key).toString('base64'),
  })) as { kvs?: { value: string; lease?: string }[] };
  return leasesAt(
    address,
    kvs.map(({ value, lease = '0' }) => ({ value: Buffer.from(value, 'base64'), lease })),
  );
}

test.each(['querynode', 'rootcoord', 'querycoord'])('%s dies, and its session with it', async (role) => {
  const { taskArn, address } = await taskOf(role);
  const [lease] = await registered(address);
  expect(lease).toBeDefined();
  const pid = await processOf(settings, taskArn);
  const died = Date.now();
  process.kill(pid, 'SIGKILL');
  await until(`the end of the session of the dead ${role}`, NOTICED_MS, async () =>
    (await registered(address)).includes(lease ?? '') ? undefined : true,
  );
  const noticed = Date.now() - died;
  await until(`a new ${role}`, SEARCHED_MS, async () => {
    const next = await taskOf(role).catch(() => undefined);
    return next !== undefined && next.taskArn !== taskArn ? true : undefined;
  });
  await until('a search that is answered', SEARCHED_MS, async () => {
    searcher = await startSearching(settings);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { searches, failures } = await searcher.stop();
    return searches > 0 && failures.length === 0 ? true : undefined;
  });
  const searched = Date.now() - died;
  console.log(`${role} dies: its session has ended after ${noticed} ms, searches are answered after ${searched} ms`);
  expect(searched).toBeLessThan(SEARCHED_MS);
});
