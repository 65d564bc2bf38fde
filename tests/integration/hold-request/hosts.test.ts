/** Which cluster a host name belongs to, in a real table. */
import { claimHost, findHost, listHostPatterns } from '../../../functions/common/registry/hosts.ts';
import { noteWakeWanted, skipGeneration } from '../../../functions/common/registry/wake-wanted.ts';
import { getCluster } from '../../../functions/common/registry/registry.ts';
import { clusterFinder } from '../../../functions/hold-request/find-cluster.ts';
import { aRecord } from '../../fixtures/clusters.ts';
import { HoldRig } from './rig.ts';

let rig: HoldRig;
beforeAll(async () => {
  rig = await HoldRig.start();
});
afterAll(() => rig.stop());

const withHosts = (name: string, ...hosts: string[]) =>
  rig.put({ name, phase: 'asleep', spec: { ...aRecord().spec, hosts } });
const claim = (cluster: string, host: string) => claimHost(rig.registry, { cluster, host });

test('a host name has one owner, as long as the owner’s record has it', async () => {
  await withHosts('one', 'vectors.example.com');
  expect(await claim('one', 'vectors.example.com')).toBeUndefined();
  expect(await claim('one', 'vectors.example.com')).toBeUndefined();
  expect(await claim('two', 'vectors.example.com')).toBe('one');
  // Created anew without it: free again.
  await withHosts('one');
  expect(await claim('two', 'vectors.example.com')).toBeUndefined();
  expect(await findHost(rig.registry, 'vectors.example.com')).toEqual({ cluster: 'two', host: 'vectors.example.com' });
});

test('by the host itself, by the first label, by a pattern, in this order', async () => {
  await withHosts('exact', 'label.example.com');
  await withHosts('label');
  await withHosts('pattern', '*.example.org', 'v?.example.net');
  for (const host of ['*.example.org', 'v?.example.net']) await claim('pattern', host);
  await claim('exact', 'label.example.com');
  // A claim without a record behind it counts for nothing.
  await claim('nobody', 'lost.example.com');
  const { find } = clusterFinder(rig.registry);
  const found = async (host: string) => (await find(host, 0))?.name;
  expect(await found('label.example.com')).toBe('exact');
  expect(await found('label.other.com')).toBe('label');
  expect(await found('anything.example.org')).toBe('pattern');
  expect(await found('v1.example.net')).toBe('pattern');
  expect(await found('v12.example.net')).toBeUndefined();
  expect(await found('lost.example.com')).toBeUndefined();
  expect(await found('label')).toBeUndefined();
  expect((await listHostPatterns(rig.registry)).map(({ host }) => host)).toEqual(['*.example.org', 'v?.example.net']);
});

test('notes and skipped generations hold for one phase of one generation', async () => {
  const note = { at: '2026-01-01T00:00:00.000Z', reason: 'first' };
  await rig.put({ name: 'noted', phase: 'falling-asleep' });
  const sleep = { cluster: 'noted', generation: 4 };
  expect(await noteWakeWanted(rig.registry, { ...sleep, generation: 3 }, note)).toBe(false);
  expect(await noteWakeWanted(rig.registry, sleep, note)).toBe(true);
  expect(await noteWakeWanted(rig.registry, sleep, { ...note, reason: 'second' })).toBe(false);
  expect((await getCluster(rig.registry, 'noted'))?.wakeWanted).toEqual(note);
  expect(await skipGeneration(rig.registry, sleep)).toBe(false);
  // What falls asleep keeps its wish, whoever takes the sleep over.
  expect(await skipGeneration(rig.registry, sleep, 'falling-asleep')).toBe(true);
  expect(await getCluster(rig.registry, 'noted')).toMatchObject({ generation: 5, wakeWanted: note });
  await rig.put({ name: 'noted', phase: 'asleep', wakeWanted: note });
  expect(await noteWakeWanted(rig.registry, sleep, note)).toBe(false);
  expect(await skipGeneration(rig.registry, sleep)).toBe(true);
  expect(await skipGeneration(rig.registry, sleep)).toBe(false);
  const skipped = await getCluster(rig.registry, 'noted');
  expect(skipped).toMatchObject({ phase: 'asleep', generation: 5 });
  expect(skipped?.wakeWanted).toBeUndefined();
  expect(await noteWakeWanted(rig.registry, { cluster: 'none', generation: 1 }, note)).toBe(false);
});
