import { pathTo } from '../../../bench/nap/path.ts';
import { transitionsOf, type Visit } from '../../../local/stack/histories.ts';

const visit = (state: string, from: number, to: number, changes: Partial<Visit> = {}): Visit => ({
  machine: 'wake-cluster',
  state,
  type: 'Task',
  calls: state,
  interval: [from, to],
  ...changes,
});

test('an answer waited for the slower of two branches, and for what came before and after both', () => {
  const visits = [
    visit('Begin', 0, 100),
    visit('Parts', 100, 900, { type: 'Parallel', calls: undefined }),
    visit('Nested', 100, 890, { calls: undefined }),
    visit('Fast', 101, 300),
    visit('Slow', 101, 600),
    visit('SlowToo', 601, 890),
    visit('Ready?', 890, 890, { type: 'Choice', calls: undefined }),
    visit('Open', 900, 1_000),
    visit('Later', 1_200, 1_300),
  ];
  const { steps, calls } = pathTo([{ visits }], 1_100);
  expect(steps.map(({ state }) => state)).toEqual(['Begin', 'Slow', 'SlowToo', 'Ready?', 'Open']);
  expect(calls).toBe(4);
});

test('no state, no path', () => {
  expect(pathTo([], 100)).toEqual({ steps: [], calls: 0 });
  expect(pathTo([{ visits: [visit('Later', 200, 300)] }], 100).steps).toEqual([]);
});

test('transitions are states that were entered, in branches too, and retries', () => {
  const types = ['ExecutionStarted', 'ChoiceStateEntered', 'ChoiceStateExited', 'ParallelStateEntered'];
  const tried = [
    'TaskStateEntered',
    'TaskScheduled',
    'TaskFailed',
    'TaskScheduled',
    'TaskSucceeded',
    'TaskStateExited',
  ];
  expect(transitionsOf([...types, ...tried].map((type) => ({ type }) as { type: 'TaskScheduled' }))).toBe(4);
});
