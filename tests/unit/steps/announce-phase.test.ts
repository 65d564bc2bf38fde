import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import {
  announcePhases,
  DETAIL_TYPE,
  streamSchema,
  type PhaseChange,
} from '../../../functions/announce-phase/announce.ts';
import { keepStay } from '../../../functions/announce-phase/stay.ts';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const client = new EventBridgeClient({ region: 'eu-central-1' });
const events = mockClient(client);
const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
beforeEach(() => {
  dynamo.reset();
  dynamo.on(UpdateCommand).resolves({});
  events.reset();
  events.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'e' }] });
  published = [];
});

const image = (record: object) =>
  marshall({ pk: 'demo', sk: 'record', value: record }, { removeUndefinedValues: true });
/** As the stream of the table brings it. */
function change(nth: number, before: object | undefined, after: object | undefined) {
  return {
    eventID: `event-${nth}`,
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    dynamodb: {
      SequenceNumber: String(nth),
      Keys: marshall({ pk: 'demo', sk: 'record' }),
      ...(before === undefined ? {} : { OldImage: image(before) }),
      ...(after === undefined ? {} : { NewImage: image(after) }),
    },
  };
}
let published: [phase: string, measured: object][];
const publish = (phase: string, measured: object) => published.push([phase, measured]);
const announce = (...records: object[]) =>
  announcePhases(
    { events: client, source: 'redkite.test', keepStay: (record) => keepStay(registry, record), publish },
    streamSchema.parse({ Records: records }).Records,
  );
const entries = () => events.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) => input.Entries ?? []);
const announced = () => entries().map(({ Detail = '' }) => JSON.parse(Detail) as PhaseChange);

const awake = aRecord({ phase: 'awake', generation: 4 });
const asleep = aRecord({ phase: 'asleep', generation: 5 });
const falling: ClusterRecord = aRecord({ phase: 'falling-asleep', generation: 5, owner: 'demo-sleep-5' });

test('each change of phase is one event, in its order, with who made it', async () => {
  expect(await announce(change(1, awake, falling), change(2, falling, asleep))).toEqual({ batchItemFailures: [] });
  expect(entries().map(({ Source, DetailType }) => [Source, DetailType])).toEqual([
    ['redkite.test', DETAIL_TYPE],
    ['redkite.test', DETAIL_TYPE],
  ]);
  expect(announced()).toMatchObject([
    {
      ...{ id: 'event-1', cluster: 'demo', previousPhase: 'awake', phase: 'falling-asleep' },
      ...{ generation: 5, operation: 'demo-sleep-5', at: falling.phaseSince },
    },
    { id: 'event-2', previousPhase: 'falling-asleep', phase: 'asleep' },
  ]);
});

test('what else changes in a record is no change of phase', async () => {
  await announce(change(1, falling, { ...falling, wakeWanted: { at: '', reason: '' } }));
  expect(entries()).toEqual([]);
});

test('a cluster that is new, and one that is gone', async () => {
  await announce(change(1, undefined, aRecord()), change(2, asleep, undefined));
  expect(announced()).toMatchObject([
    { previousPhase: null, phase: 'creating' },
    { previousPhase: 'asleep', phase: 'deleted', generation: 5 },
  ]);
});

test('why it failed, and from where it turned round; not the turn of an earlier sleep', async () => {
  const failure = { error: 'SleepGivenUp', message: 'm', advice: 'a', at: awake.phaseSince };
  const turnedRound = { at: awake.phaseSince, point: 'flushed', reason: 'a request came' };
  const failed = aRecord({ phase: 'failed', failure });
  await announce(
    change(1, falling, failed),
    change(2, falling, { ...awake, turnedRound }),
    change(3, awake, { ...falling, turnedRound }),
  );
  const [first, second, third] = announced();
  expect(first).toHaveProperty('failure', { error: 'SleepGivenUp', message: 'm' });
  expect(second).toHaveProperty('turnedRound', { point: 'flushed', reason: 'a request came' });
  expect(third).not.toHaveProperty('turnedRound');
});

test.each([
  ['refuses an entry', () => events.on(PutEventsCommand).resolvesOnce({ Entries: [{ ErrorCode: 'Throttled' }] })],
  ['does not answer', () => events.on(PutEventsCommand).rejectsOnce(new Error('timed out'))],
])('a bus that %s is asked again from there on, so that no event overtakes another', async (_, fail) => {
  fail().resolves({ Entries: [{ EventId: 'e' }] });
  const records = [change(1, awake, falling), change(2, falling, asleep)];
  expect(await announce(...records)).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  expect(entries()).toHaveLength(1);
  expect(await announce(...records)).toEqual({ batchItemFailures: [] });
  // The same id as before, for whoever got it although no answer came.
  expect(announced().map(({ id }) => id)).toEqual(['event-1', 'event-1', 'event-2']);
});

test('a record that nobody understands costs no other cluster its events', async () => {
  const strange = { ...awake, phase: 'dreaming' };
  expect(await announce(change(1, awake, strange), change(2, awake, falling))).toEqual({ batchItemFailures: [] });
  expect(announced()).toMatchObject([{ id: 'event-2' }]);
});

const kept = () =>
  dynamo.commandCalls(UpdateCommand).map(({ args: [{ input }] }) => ({
    key: input.Key,
    seconds: input.ExpressionAttributeValues?.[':seconds'] as unknown,
    phase: input.ExpressionAttributeNames?.['#seconds'],
  }));
const later = (record: ClusterRecord, phaseSince: string): ClusterRecord => ({ ...record, phaseSince });

test('the time in the phase that ended is kept with its month, and only that', async () => {
  const woke = later(awake, '2026-03-31T23:00:00.000Z');
  const slept = later(falling, '2026-04-01T00:30:00.000Z');
  await announce(change(1, woke, { ...woke, hasServed: true }), change(2, woke, slept), change(3, undefined, awake));
  expect(kept()).toEqual([
    { key: { pk: 'hours#demo', sk: '2026-03' }, seconds: 3_600, phase: 'seconds#awake' },
    { key: { pk: 'hours#demo', sk: '2026-04' }, seconds: 1_800, phase: 'seconds#awake' },
  ]);
});

test('a registry that does not answer is asked again, and the event waits for it', async () => {
  dynamo
    .on(UpdateCommand)
    .rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException', $metadata: {} }));
  const record = change(1, awake, later(falling, '2026-03-01T13:00:00.000Z'));
  expect(await announce(record)).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  expect(entries()).toEqual([]);
});

test.each([
  ['is known already', new ConditionalCheckFailedException({ message: 'no', $metadata: {} })],
  ['is refused for good', Object.assign(new Error('no'), { name: 'ValidationException', $metadata: {} })],
])('a stay that %s keeps no event back', async (_, error) => {
  dynamo.on(UpdateCommand).rejects(error);
  const record = change(1, awake, later(falling, '2026-03-01T13:00:00.000Z'));
  expect(await announce(record)).toEqual({ batchItemFailures: [] });
  expect(entries()).toHaveLength(1);
});

describe('how long an operation took', () => {
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000).toISOString();
  const waking = aRecord({ phase: 'waking', generation: 6, owner: 'demo-wake-6', phaseSince: at(0) });

  test('is told when it ends where it should', async () => {
    await announce(
      change(1, asleep, waking),
      change(2, waking, { ...awake, phaseSince: at(42.5) }),
      change(3, { ...falling, phaseSince: at(50) }, { ...asleep, phaseSince: at(60) }),
    );
    expect(published).toEqual([
      ['waking', { PhaseFailed: 0, PhaseSeconds: 42.5 }],
      ['falling-asleep', { PhaseFailed: 0, PhaseSeconds: 10 }],
    ]);
  });

  test('is not told of one that failed, whatever it led to, nor of a sleep that turned round', async () => {
    await announce(
      change(1, waking, { ...falling, phaseSince: at(9) }),
      change(2, aRecord(), aRecord({ phase: 'failed' })),
      change(3, falling, awake),
    );
    expect(published).toEqual([
      ['waking', { PhaseFailed: 1 }],
      ['creating', { PhaseFailed: 1 }],
      ['falling-asleep', { PhaseFailed: 0 }],
    ]);
  });

  test('is told once the change is announced: what is sent again is told again', async () => {
    events
      .on(PutEventsCommand)
      .rejectsOnce(new Error('timed out'))
      .resolves({ Entries: [{ EventId: 'e' }] });
    const woke = change(1, waking, { ...awake, phaseSince: at(3) });
    await announce(woke);
    expect(published).toEqual([]);
    await announce(woke);
    expect(published).toEqual([['waking', { PhaseFailed: 0, PhaseSeconds: 3 }]]);
  });
});
