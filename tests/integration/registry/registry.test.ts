/** Conditions of the registry's writes, as a table itself judges them: the emulator's DynamoDB. */
import { rmSync } from 'node:fs';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { addStay, getMonthSums } from '../../../functions/common/registry/hours.ts';
import { dropLock, readLock, releaseLock, setJoining, takeLock } from '../../../functions/common/registry/lock.ts';
import {
  getCluster,
  loadCluster,
  putCluster,
  putTask,
  takeCluster,
  updateCluster,
  type RegistryTable,
} from '../../../functions/common/registry/registry.ts';
import { startEmulator, stopEmulator } from '../../../local/emulator/emulator.ts';
import type { LocalSettings } from '../../../local/settings.ts';
import { awsClient } from '../../../local/stack/aws.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';
import { emulatorSettings } from '../../fixtures/emulator.ts';

let settings: LocalSettings;
let registry: RegistryTable;
let clusters = 0;
let cluster = '';

beforeAll(async () => {
  const python = process.env['REDKITE_PYTHON'];
  if (python === undefined) throw new Error('Run these tests with `npm run test:integration`.');
  settings = await emulatorSettings('registry');
  await startEmulator(settings, { python, extraEnv: { REDKITE_GATEWAY_ADDRESS: '' } });
  const dynamo = awsClient(settings, DynamoDBClient);
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'registry',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  const marshallOptions = { removeUndefinedValues: true };
  registry = { client: DynamoDBDocumentClient.from(dynamo, { marshallOptions }), table: 'registry' };
});
afterAll(async () => {
  await stopEmulator(settings);
  rmSync(settings.stateDir, { recursive: true, force: true });
});
beforeEach(() => {
  clusters += 1;
  cluster = `demo${clusters}`;
});

describe('what was seen of a task', () => {
  const see = (version: number, lastStatus = 'RUNNING') =>
    putTask(registry, cluster, aTask({ version, lastStatus }), NOW);
  const known = async () => (await loadCluster(registry, cluster)).tasks.map(({ version }) => version);

  test('is kept when it is newer, or the same again', async () => {
    expect(await see(3)).toBe(true);
    expect(await see(3)).toBe(true);
    expect(await see(5, 'STOPPED')).toBe(true);
    expect(await known()).toEqual([5]);
  });

  test('is ignored when it comes late', async () => {
    await see(5, 'STOPPED');
    expect(await see(4)).toBe(false);
    expect(await known()).toEqual([5]);
  });
});

describe('a cluster', () => {
  const record = () => aRecord({ name: cluster, phase: 'awake', generation: 2, metadataOpen: true });

  test('is made once', async () => {
    expect(await putCluster(registry, record())).toBe(true);
    expect(await putCluster(registry, record())).toBe(false);
  });

  test('is taken by one of two who ask at the same moment', async () => {
    await putCluster(registry, record());
    const takes = ['a', 'b'].map((owner) =>
      putCluster(registry, { ...record(), phase: 'recovering', generation: 3, owner }, record()),
    );
    expect((await Promise.all(takes)).toSorted()).toEqual([false, true]);
    const taking = { changes: { phase: 'falling-asleep' as const, generation: 3, owner: 'c' }, remove: [] };
    expect(await takeCluster(registry, record(), taking)).toBe(false);
    expect(await getCluster(registry, cluster)).toMatchObject({ phase: 'recovering', generation: 3 });
  });

  test('is changed by its owner alone, and only in the phase that it knows', async () => {
    await putCluster(registry, { ...record(), phase: 'recovering' });
    const change = (generation: number, phase: 'recovering' | 'waking') =>
      updateCluster(registry, { cluster, generation }, [phase], { metadataOpen: false });
    await expect(change(1, 'recovering')).rejects.toMatchObject({ name: 'OwnershipLost' });
    await expect(change(2, 'waking')).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect((await getCluster(registry, cluster))?.metadataOpen).toBe(true);
    await change(2, 'recovering');
    expect((await getCluster(registry, cluster))?.metadataOpen).toBe(false);
  });
});

describe('the metadata lock', () => {
  const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);

  test('has one owner of many who ask at the same moment', async () => {
    const turns = await Promise.all(['a', 'b', 'c'].map((owner) => takeLock(registry, cluster, owner, NOW)));
    expect(turns.filter((turn) => turn === 'ours')).toHaveLength(1);
  });

  test('is not let go before its owner has looked again for those who asked', async () => {
    await takeLock(registry, cluster, 'a', NOW);
    expect(await takeLock(registry, cluster, 'b', NOW)).toBe('theirs');
    expect(await releaseLock(registry, cluster, 'a')).toBe(false);
    expect(await releaseLock(registry, cluster, 'a')).toBe(true);
    expect(await readLock(registry, cluster)).toBeUndefined();
  });

  test('is taken over from an owner that died, who then changes nothing', async () => {
    await takeLock(registry, cluster, 'a', NOW);
    expect(await takeLock(registry, cluster, 'b', later(299))).toBe('theirs');
    expect(await takeLock(registry, cluster, 'b', later(301))).toBe('ours');
    await expect(setJoining(registry, cluster, 'a', [1])).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect(await dropLock(registry, cluster, 'a')).toBe(false);
    expect(await readLock(registry, cluster)).toMatchObject({ owner: 'b' });
  });
});

test('a stay in a phase is added once, however often it is told, and to each of its months', async () => {
  const stay = { phase: 'asleep', from: '2026-10-31T23:00:00.000Z', to: '2026-11-01T00:30:00.500Z' } as const;
  expect(await addStay(registry, cluster, stay)).toBe('added');
  expect(await addStay(registry, cluster, stay)).toBe('known');
  const waking = { phase: 'waking', from: stay.to, to: '2026-11-01T00:31:00.500Z' } as const;
  expect(await addStay(registry, cluster, waking)).toBe('added');
  expect(await getMonthSums(registry, cluster, '2026-10')).toEqual({ seconds: { asleep: 3_600 }, times: {} });
  expect(await getMonthSums(registry, cluster, '2026-11')).toEqual({
    ...{ seconds: { asleep: 1_800.5, waking: 60 }, times: { asleep: 1, waking: 1 } },
  });
  expect(await getMonthSums(registry, cluster, '2026-12')).toBeUndefined();
});
