/**
 * What a function inside the VPC wants done reaches a machine: the minutely watch writes a request into the registry, its stream
 * brings it to the function that starts executions. Seen with a quorum whose history has grown, while somebody writes.
 */
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { MAINTENANCE_POLICY } from '../../functions/common/maintenance/policy.ts';
import { loadCluster } from '../../functions/common/registry/registry.ts';
import { formBare, type Bare } from './bare.ts';
import { Stack, until } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const STEP_MS = 120_000;
const AT_ONCE = 64;
const REVISIONS = MAINTENANCE_POLICY.compactRevisions + MAINTENANCE_POLICY.keepRevisions;
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'grown', 1);
});
afterAll(() => bare.remove());

test('a quorum whose history has grown is maintained, because the watch asks for it', async () => {
  const [member] = await bare.quorum.members();
  const client = connectEtcd([`${member?.address ?? ''}:2379`], { timeoutMs: 30_000 });
  try {
    // The first look archives what the log then follows.
    await client.put({ key: 'grown/first', value: 'x' });
    await stack.ship(bare.name);
    for (let revision = 0; revision < REVISIONS; revision += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, key) => client.put({ key: `grown/${key}`, value: 'x' })));
    }
    const writer = new Writer(bare.quorum, 'maintained');
    writer.start();
    await writer.more(20);
    await stack.ship(bare.name);
    await stack.watch();
    const execution = await stack.begun('maintain-quorum', bare.name, [], STEP_MS);
    expect(execution).toMatch(new RegExp(`:${bare.name}-maintain-watch-\\d+$`));
    const { status, error, cause } = await stack.ended(execution, STEP_MS);
    expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
    await writer.more(20);
    await writer.stop();
    expect(await writer.missing()).toEqual([]);
    await expect(client.range({ key: 'grown/0', revision: MAINTENANCE_POLICY.compactRevisions })).rejects.toThrow(
      /compacted/,
    );
  } finally {
    client.close();
  }
  await until('the request that was carried out is gone', STEP_MS, async () => {
    const { items } = await loadCluster(await stack.registry(), bare.name);
    return [...items.keys()].some((name) => name.startsWith('request#')) ? undefined : true;
  });
});
