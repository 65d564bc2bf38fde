import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { watchEmulator, type Watch } from '../../../../local/emulator-watch.ts';
import { stateOf } from './elbv2-state.ts';
import { FakeEmulator } from './fake-emulator.ts';

const POLL_SECONDS = 0.2;
let emulator: FakeEmulator;
let watch: Watch;
let seen: number[];
let logged: string[];
let told: () => void;

beforeEach(async () => {
  emulator = new FakeEmulator();
  await emulator.start();
  seen = [];
  logged = [];
  told = () => undefined;
  watch = watchEmulator({
    origin: emulator.origin,
    path: '/_redkite/elbv2',
    parse: (answer) => {
      const { revision } = z.object({ revision: z.number() }).parse(answer);
      if (revision === 13) throw new Error('unreadable');
      return revision;
    },
    onState: (revision) => {
      seen.push(revision);
      told();
    },
    log: (message) => logged.push(message),
    pollSeconds: POLL_SECONDS,
  });
});

afterEach(async () => {
  await watch.stop();
  await emulator.stop().catch(() => undefined);
});

function next(): Promise<void> {
  return new Promise((resolve) => {
    told = resolve;
  });
}

test('the first state, then each change once, within milliseconds', async () => {
  await next();
  const changed = next();
  const started = performance.now();
  emulator.set(stateOf({}));
  await changed;
  expect(performance.now() - started).toBeLessThan(100);
  expect(seen).toEqual([1, 2]);
  // Polls that end without a change tell nothing.
  const { polls } = emulator;
  while (emulator.polls < polls + 3) await sleep(20);
  expect(seen).toEqual([1, 2]);
});

test('an emulator that restarts and counts from the beginning is followed again; the outage is one line', async () => {
  await next();
  await emulator.stop();
  while (logged.length === 0) await sleep(10);
  await sleep(300);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatch(/The last known state stays/);
  // The same revision as before, but another state behind it.
  const again = next();
  await emulator.restart();
  await again;
  expect(seen).toEqual([1, 1]);
  expect(logged[1]).toMatch(/again/);
});

test('a state that cannot be read is said, and the next one counts', async () => {
  await next();
  emulator.revision = 12;
  emulator.set(stateOf({}));
  while (logged.length === 0) await sleep(10);
  expect(logged[0]).toContain('unreadable');
  const readable = next();
  emulator.set(stateOf({}));
  await readable;
  expect(seen).toEqual([1, 14]);
});

test('stop ends a poll that is under way', async () => {
  await next();
  await watch.stop();
  emulator.set(stateOf({}));
  await sleep(50);
  expect(seen).toEqual([1]);
});
