import { execa } from 'execa';
import {
  addCredentialsRoute,
  credentialsHook,
  removeCredentialsRoute,
} from '../../../../local/emulator/task-credentials.ts';
import { settingsForSlot, type LocalSettings } from '../../../../local/settings.ts';

/** Slots nobody gets, so that the rules are this test's alone. */
const copies = [
  {
    ...settingsForSlot(0),
    network: { ...settingsForSlot(0).network, name: 'redkite-test-a', subnet: '198.19.1.0/24' },
  },
  {
    ...settingsForSlot(1),
    network: { ...settingsForSlot(1).network, name: 'redkite-test-b', subnet: '198.19.2.0/24' },
  },
];

async function rulesOf(settings: LocalSettings): Promise<string[]> {
  const { stdout } = await execa('iptables', ['--wait', '5', '--table', 'nat', '--list-rules', 'PREROUTING']);
  return stdout.split('\n').filter((line) => line.includes(settings.network.subnet));
}

afterAll(async () => {
  for (const settings of copies) await removeCredentialsRoute(settings);
});

it('adds one rule however often, and removes only its own', async () => {
  const [one, two] = copies;
  if (one === undefined || two === undefined) throw new Error('two copies are needed');
  await addCredentialsRoute(one);
  await addCredentialsRoute(one);
  await addCredentialsRoute(two);
  const [rule, ...more] = await rulesOf(one);
  expect(more).toEqual([]);
  expect(rule).toContain('-d 169.254.170.2/32');
  expect(rule).toContain(`--to-destination ${one.network.gateway}:${one.ports.emulator}`);
  await removeCredentialsRoute(one);
  await removeCredentialsRoute(one);
  expect(await rulesOf(one)).toEqual([]);
  expect(await rulesOf(two)).toHaveLength(1);
});

it('gives containers a route to the address', () => {
  const [one] = copies;
  if (one === undefined) throw new Error('a copy is needed');
  const { hook, stages } = JSON.parse(credentialsHook(one)) as { hook: { args: string[] }; stages: string[] };
  expect(hook.args.join(' ')).toBe(`ip route replace 169.254.170.2/32 via ${one.network.gateway}`);
  expect(stages).toEqual(['createContainer']);
});
