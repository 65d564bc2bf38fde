/** The empty machines that benchmarks take off: as many calls and states as they were asked for, and an end that is seen. */
import { GetExecutionHistoryCommand, ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { emptyMachines, type EmptyMachines } from '../../bench/floor.ts';
import { Rig } from './rig.ts';

let rig: Rig;
let empty: EmptyMachines;
beforeAll(async () => {
  rig = await Rig.start();
  empty = await emptyMachines(rig);
});
afterAll(async () => {
  await rig.stop();
});

test.each([
  { calls: 1, states: 1 },
  { calls: 3, states: 3 },
  { calls: 10, states: 17 },
  { calls: 2, states: 9 },
])('$calls calls in $states states', async (steps) => {
  expect(await empty.afterStart(steps)).toBeGreaterThan(0);
  const stateMachineArn = await empty.machineOf(steps);
  const { executions = [] } = await rig.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  const executionArn = executions[0]?.executionArn;
  const { events = [] } = await rig.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }));
  expect(events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined)).toHaveLength(
    steps.states,
  );
  expect(events.filter(({ type }) => type === 'TaskStateEntered')).toHaveLength(steps.calls);
});

test('they are gone afterwards', async () => {
  const arn = await empty.machineOf({ calls: 3, states: 3 });
  await empty.remove();
  const { stateMachines = [] } = await rig.sfn.send(new ListStateMachinesCommand({}));
  expect(stateMachines.map(({ stateMachineArn }) => stateMachineArn)).not.toContain(arn);
});
