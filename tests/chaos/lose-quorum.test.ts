/**
 * A majority of the members, and then all of them, lose their data at once, while somebody writes. Nobody asks for anything:
 * the cluster has to be awake again by itself, from the survivor or from the archive and its change log, with the rows of
 * before, and with no write missing that was acknowledged before the moment it says.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { GOALS, prove } from '../../local/demo/prove.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { entryOf } from '../../local/up.ts';
import { useDemo } from './demo.ts';
import type { Member } from './quorum.ts';
import { Writer } from './writer.ts';

const { settings, quorum, show } = useDemo();
const RECOVERED_MS = 6 * 60_000;
const lambda = awsClient(settings, LambdaClient);
const sfn = awsClient(settings, SFNClient);

/** As the schedule does every minute. */
async function ship(): Promise<void> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: `redkite-${settings.stage}-shipChanges`, Payload: Buffer.from('{}') }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as { failed?: unknown[] };
  expect([FunctionError, answer.failed]).toEqual([undefined, []]);
}

async function until<T>(what: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface Recovery {
  readonly source: { readonly kind: 'survivor' | 'archive' };
  readonly lost: string;
  readonly lostMs: number;
}

/** What the newest recovery says of itself. */
async function lastRecovery(): Promise<Recovery> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const machine = stateMachines.find(({ name }) => name === `redkite-${settings.stage}-recover-quorum`);
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn, statusFilter: 'SUCCEEDED' }),
  );
  const described = await Promise.all(
    executions.map(({ executionArn }) => sfn.send(new DescribeExecutionCommand({ executionArn }))),
  );
  const newest = described
    .filter(({ output }) => output?.includes('"restored"'))
    .toSorted((a, b) => (b.stopDate?.getTime() ?? 0) - (a.stopDate?.getTime() ?? 0))[0];
  return JSON.parse(newest?.output ?? '{}') as Recovery;
}

/** Committed by the others in the last moment, and not yet told to the member that survived. */
const IN_FLIGHT_MS = 1_000;

test.each([
  ['a majority dies', 'survivor', (members: Member[]) => members.slice(1)],
  ['all members die', 'archive', (members: Member[]) => members],
] as const)(
  '%s',
  async (what, source, choose) => {
    const before = await show();
    const writer = new Writer(quorum, what.replaceAll(' ', '-'));
    writer.start();
    await ship();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const victims = choose(await quorum.members());
    const killedAt = Date.now();
    await Promise.all(victims.map((member) => quorum.kill(member)));
    await writer.stop();
    await until('the cluster is awake again', RECOVERED_MS, async () => {
      const view = await show();
      if (view?.phase === 'failed') throw new Error(JSON.stringify(view.failure));
      return view?.phase === 'awake' && view.generation > (before?.generation ?? 0) ? view : undefined;
    });
    const took = Date.now() - killedAt;

    const recovery = await lastRecovery();
    expect(recovery.source.kind).toBe(source);
    const promised = source === 'survivor' ? killedAt - IN_FLIGHT_MS : killedAt - recovery.lostMs;
    const missing = await writer.missing();
    const broken = missing.filter((key) => (writer.acknowledgedAt.get(key) ?? 0) < promised);
    console.log(
      `${what}: awake again after ${took} ms; ${writer.acknowledged.size} writes acknowledged, ${missing.length} of them lost ` +
        `(said: ${recovery.lost})`,
    );
    expect(broken).toEqual([]);
    expect(recovery.lostMs).toBeLessThan(60_000);

    const proof = await prove(await entryOf(settings), () => undefined);
    expect(Object.keys(proof.timings)).not.toContain('insert');
    expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
    expect((await quorum.whole(3, victims, 60_000)).length).toBe(3);
  },
  RECOVERED_MS + 120_000,
);
