/**
 * Rows that are written, and flushed by nobody, while a cluster falls asleep: through the load balancer, whose requests turn the
 * sleep round, and past it, up to the moment in which the proxy dies.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../local/demo/prove.ts';
import { until } from '../chaos/stack.ts';
import { CLIENT_KINDS } from './clients/client.ts';
import { proxyAddress } from './nap.ts';
import { insert } from './rows.ts';
import { sameRows } from './same-rows.ts';
import { COLLECTION, type World } from './world.ts';

const ROWS = 5;
const ENTERED_MS = 5 * 60_000;
const PROXY_MS = 60_000;
/** The proxy is killed with what it has not answered; the client waits for that no longer. */
const GIVEN_UP_MS = 5_000;

export async function writeThroughTheEntry(world: World): Promise<void> {
  const { generation } = await world.awake();
  const clients = CLIENT_KINDS.map((kind) => world.newClient(kind));
  const inserts = clients.map(() => 0);
  let done = false;
  // One insert after the other; whatever is not acknowledged fails the test.
  const writers = clients.map(async (client, n) => {
    for (; !done; inserts[n] = (inserts[n] ?? 0) + 1) await world.insert(client, ROWS);
  });
  await Promise.race([
    Promise.all(writers),
    until('all of them write', ENTERED_MS, () => Promise.resolve(inserts.every((some) => some > 1) || undefined)),
  ]);
  const before = inserts.join(', ');
  await world.ask('sleep');
  const { phase } = await world.atRest(generation);
  done = true;
  await Promise.all(writers);
  await Promise.all(clients.map((client) => client.close()));
  process.stderr.write(`inserts before: ${before}; until it came to rest ${phase}: ${inserts.join(', ')}\n`);
  // What was acknowledged last is in no segment of S3 yet.
  await world.asleep();
  await sameRows(world);
}

/** As clients inside the VPC may: the sleep has looked for them, flushed, and goes on. */
export async function writePastTheEntry(world: World): Promise<void> {
  const { generation } = await world.awake();
  const address = await proxyAddress(world.stack.settings, PROXY_MS);
  const milvus = connect({ address: `${address}:19530` });
  await milvus.connectPromise;
  await world.ask('sleep');
  await world.stack.entered(world.executionArn('sleep-cluster', 'sleep', generation + 1), 'FlushCluster', ENTERED_MS);
  let inserted = 0;
  for (;;) {
    const ids = world.newIds(ROWS);
    const outcome = await Promise.race([
      insert(milvus, COLLECTION, ids).then(
        () => 'acknowledged' as const,
        () => 'refused' as const,
      ),
      delay(GIVEN_UP_MS, 'unanswered' as const),
    ]);
    for (const id of ids) (outcome === 'acknowledged' ? world.acknowledged : world.uncertain).add(id);
    if (outcome !== 'acknowledged') break;
    inserted += ids.length;
  }
  await milvus.closeConnection();
  expect(inserted).toBeGreaterThan(0);
  process.stderr.write(`${inserted} rows acknowledged past the load balancer, until the proxy was gone\n`);
  await world.asleep();
  await sameRows(world);
}
