import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BESIDE, WAYS } from '../../naps/kill-points.ts';

const ways = [WAYS.sleep, WAYS.wake].flatMap((way) => Object.entries(way));

/** In which something is done; nested ones by the machine that they start. */
function statesOf(machine: string): string[] {
  const text = readFileSync(join(import.meta.dirname, `../../../statemachines/${machine}.asl.json`), 'utf8');
  const { States } = JSON.parse(text) as { States: Record<string, { Type: string }> };
  return Object.entries(States).flatMap(([name, { Type }]) => (['Task', 'Parallel'].includes(Type) ? [name] : []));
}

test.each(ways)('tasks are killed in every state of %s, and in no other', (machine, states) => {
  const there = statesOf(machine);
  expect(states.filter((state) => !there.includes(state))).toEqual([]);
  expect(there.filter((state) => !states.includes(state) && !BESIDE.includes(state))).toEqual([]);
});
