/**
 * A majority of the members, and then all of them, lose their data at once, while somebody writes. Nobody asks for anything:
 * the cluster has to be awake again by itself, from the survivor or from the archive and its change log, with the rows of
 * before, and with no write missing that was acknowledged before the moment it says.
 */
import { GOALS, prove } from '../../local/demo/prove.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { entryOf } from '../../local/up.ts';
import { useDemo } from './demo.ts';
import type { Member } from './quorum.ts';
import { recovered, recoveredBy, recoveries, recoveryBegun, type Loss } from './recovered.ts';
import { until } from './stack.ts';
import { Writer } from './writer.ts';

const { settings, stack, quorum, show } = useDemo();
const RECOVERED_MS = 6 * 60_000;
const WHOLE_MS = 60_000;

/** Milvus and its rows are what they were. */
async function proven(gone: readonly Member[]): Promise<void> {
  expect((await show())?.phase).toBe('awake');
  const proof = await prove(await entryOf(settings), () => undefined);
  expect(Object.keys(proof.timings)).not.toContain('insert');
  expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
  expect((await quorum.whole(3, gone, WHOLE_MS)).length).toBe(3);
}

/** Written to, shipped, and written to. */
async function written(run: string): Promise<Pick<Loss, 'cluster' | 'writer' | 'shippedAt' | 'before'>> {
  await quorum.whole(3, [], WHOLE_MS);
  const writer = new Writer(quorum, run);
  writer.start();
  await writer.more(20);
  const shippedAt = Date.now();
  await stack.ship(DEMO);
  await writer.more(100);
  return { cluster: DEMO, writer, shippedAt, before: await recoveries(stack, DEMO) };
}

test.each([
  ['a majority dies', 'survivor', (members: Member[]) => members.slice(1)],
  ['all members die', 'archive', (members: Member[]) => members],
] as const)(
  '%s',
  async (what, source, choose) => {
    const begun = await written(what.replaceAll(' ', '-'));
    const victims = choose(await quorum.members());
    const killedAt = Date.now();
    await Promise.all(victims.map((victim) => quorum.kill(victim)));
    await recovered(stack, { ...begun, killedAt }, source);
    await proven(victims);
  },
  RECOVERED_MS + 120_000,
);

test(
  'all members die, the recovery is ended, and a person starts it by hand: planned first, then done',
  async () => {
    const dryRun = { cluster: 'demo', dryRun: true };
    const healthy = await stack.ended(await stack.start('recover-quorum', dryRun), WHOLE_MS);
    expect(healthy).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'healthy' } });

    const begun = await written('by-hand');
    const victims = await quorum.members();
    const loss = { ...begun, killedAt: Date.now() };
    await Promise.all(victims.map((victim) => quorum.kill(victim)));
    const first = await recoveryBegun(stack, loss);
    await loss.writer.stop();
    await stack.entered(first, 'StopCluster', WHOLE_MS);
    await stack.abort(first);
    await until('demo said to have failed', WHOLE_MS, async () =>
      (await show())?.phase === 'failed' ? true : undefined,
    );

    const generation = (await show())?.generation;
    const planned = await stack.ended(await stack.start('recover-quorum', dryRun), WHOLE_MS);
    expect(planned).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'recover', source: { kind: 'archive' } } });
    const { source, lost } = planned.output as { source: { asOf: string }; lost: string };
    expect(lost).toMatch(new RegExp(`^What was acknowledged after ${source.asOf}: at most the last \\d+ s\\.$`));
    expect(await show()).toMatchObject({ phase: 'failed', generation });

    await recoveredBy(stack, loss, await stack.start('recover-quorum', { cluster: 'demo' }), 'archive');
    await proven(victims);
  },
  RECOVERED_MS + 120_000,
);
