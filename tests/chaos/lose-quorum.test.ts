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
import { recovered, recoveries } from './recovered.ts';
import { Writer } from './writer.ts';

const { settings, stack, quorum, show } = useDemo();
const RECOVERED_MS = 6 * 60_000;
const WHOLE_MS = 60_000;

test.each([
  ['a majority dies', 'survivor', (members: Member[]) => members.slice(1), (victim: Member) => quorum.kill(victim)],
  [
    'two of three tasks are stopped at once',
    'survivor',
    (members: Member[]) => members.slice(0, 2),
    (victim: Member) => quorum.stop(victim),
  ],
  ['all members die', 'archive', (members: Member[]) => members, (victim: Member) => quorum.kill(victim)],
] as const)(
  '%s',
  async (what, source, choose, harm) => {
    await quorum.whole(3, [], WHOLE_MS);
    const writer = new Writer(quorum, what.replaceAll(' ', '-'));
    writer.start();
    await writer.more(20);
    await stack.ship(DEMO);
    await writer.more(200);
    const before = await recoveries(stack, DEMO);
    const victims = choose(await quorum.members());
    const killedAt = Date.now();
    await Promise.all(victims.map(harm));
    await recovered(stack, { cluster: DEMO, writer, killedAt, before }, source);

    expect((await show())?.phase).toBe('awake');
    const proof = await prove(await entryOf(settings), () => undefined);
    expect(Object.keys(proof.timings)).not.toContain('insert');
    expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
    expect((await quorum.whole(3, victims, WHOLE_MS)).length).toBe(3);
  },
  RECOVERED_MS + 120_000,
);
