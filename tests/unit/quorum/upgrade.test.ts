/** Which etcd may follow which, and who is replaced. */
import fc from 'fast-check';
import {
  decideUpgrade,
  imageToLaunch,
  isOutdated,
  parseVersion,
  refusal,
  versionOfImage,
  type UpgradeInput,
} from '../../../functions/common/quorum/upgrade.ts';

const v = (text: string) => {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(text);
  return version;
};

test.each([
  ['quay.io/coreos/etcd:v3.6.16', '3.6.16'],
  ['localhost/redkite/etcd:3.6.16-0123456789ab', '3.6.16'],
  ['registry:5000/etcd:v3.5.35-arm64', '3.5.35'],
  ['quay.io/coreos/etcd:v3.7.1@sha256:0123', '3.7.1'],
  ['quay.io/coreos/etcd@sha256:0123', undefined],
  ['registry:5000/etcd', undefined],
  ['etcd:latest', undefined],
  ['etcd:3.6', undefined],
  ['etcd:3.6.1.2', undefined],
])('the image %s has etcd %s', (image, version) => {
  expect(versionOfImage(image)).toEqual(version === undefined ? undefined : v(version));
});

test.each([
  [['3.6.16'], '3.6.17', undefined],
  [['3.6.16'], '3.6.15', undefined],
  [['3.6.16'], '3.7.0', undefined],
  [['3.6.16'], '3.8.0', 'from etcd 3.6.16 to 3.8.0 skips a minor version: go to 3.7 first'],
  [['3.6.16'], '3.5.35', 'from etcd 3.6.16 to 3.5.35 is a downgrade of a minor version'],
  [['3.6.16'], '4.0.0', 'from etcd 3.6.16 to 4.0.0 is another major version'],
  [['3.5.25'], '3.6.16', 'from etcd 3.5.25 to 3.6.16 is safe only from 3.5.26 on: go there first'],
  [['3.5.26'], '3.6.16', undefined],
  // An upgrade that has not reached every member may be finished, or taken back.
  [['3.7.0', '3.6.16', '3.6.16'], '3.7.0', undefined],
  [['3.7.0', '3.6.16', '3.6.16'], '3.6.16', undefined],
  [['3.7.0', '3.6.16', '3.6.16'], '3.8.0', expect.stringContaining('skips')],
  [[], '3.6.16', undefined],
])('members of %s by %s: %s', (running, to, expected) => {
  expect(refusal(running.map(v), v(to))).toEqual(expected);
});

test('what is allowed never leaves two minor versions between members', () => {
  const version = fc.record({ major: fc.constant(3), minor: fc.integer({ min: 4, max: 9 }), patch: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(version, { minLength: 1, maxLength: 5 }), version, (running, to) => {
      const lowest = Math.min(...running.map(({ minor }) => minor));
      const allowed = refusal(running, to) === undefined;
      if (allowed) expect([0, 1]).toContain(to.minor - lowest);
    }),
  );
});

test('a member is outdated by its image, its CPU or its memory, and not by what ECS does not tell', () => {
  const now = { image: 'etcd:v3.6.16', cpu: '256', memory: '1024' };
  expect(isOutdated(now, 'etcd:v3.6.16')).toBe(false);
  expect(isOutdated({}, 'etcd:v3.6.16')).toBe(false);
  expect(isOutdated({ ...now, image: 'etcd:v3.6.15' }, 'etcd:v3.6.16')).toBe(true);
  expect(isOutdated({ ...now, memory: '512' }, 'etcd:v3.6.16')).toBe(true);
  expect(isOutdated({ ...now, cpu: '512' }, 'etcd:v3.6.16')).toBe(true);
});

test.each([
  ['etcd:v3.7.0', ['etcd:v3.6.16', 'etcd:v3.6.16'], 'etcd:v3.7.0'],
  ['etcd:v3.8.0', ['etcd:v3.6.16', 'etcd:v3.6.16'], 'etcd:v3.6.16'],
  ['etcd:v3.5.0', ['own/etcd:latest', 'etcd:v3.6.16'], 'etcd:v3.6.16'],
  ['own/etcd:latest', ['etcd:v3.6.16'], 'own/etcd:latest'],
  ['etcd:v3.8.0', [], 'etcd:v3.8.0'],
])('where %s is deployed and %s run, %s is started', (deployed, running, started) => {
  expect(imageToLaunch(deployed, running)).toBe(started);
});

describe('a plan', () => {
  const member = (ordinal: number, changes: Partial<UpgradeInput['members'][number]> = {}) => ({
    ordinal,
    image: 'etcd:v3.6.15',
    version: '3.6.15',
    outdated: true,
    ...changes,
  });
  const current = (ordinal: number) => member(ordinal, { image: 'etcd:v3.6.16', version: '3.6.16', outdated: false });
  const decide = (members: UpgradeInput['members'], changes: Partial<UpgradeInput> = {}) =>
    decideUpgrade({ size: 3, deployed: 'etcd:v3.6.16', members, ...changes });

  test('names the members that are replaced', () => {
    expect(decide([member(2), member(0), current(1)])).toMatchObject({
      verdict: 'upgrade',
      replaces: ['etcd-0', 'etcd-2'],
    });
  });
  test('is empty when all are what they should be', () => {
    expect(decide([current(0), current(1), current(2)]).verdict).toBe('none');
  });
  test('needs one member that says what it is', () => {
    expect(decide([member(0, { version: undefined })])).toMatchObject({ verdict: 'refuse' });
    expect(decide([member(0, { version: undefined }), member(1)])).toMatchObject({ verdict: 'upgrade' });
  });
  test('needs an image that says what it is, unless the image stays', () => {
    const deployed = 'etcd:latest';
    expect(decide([member(0)], { deployed })).toMatchObject({ verdict: 'refuse' });
    expect(decide([member(0, { image: deployed })], { deployed })).toMatchObject({ verdict: 'upgrade' });
  });
  test('is refused where etcd would refuse', () => {
    expect(decide([member(0)], { deployed: 'etcd:v3.8.1' })).toMatchObject({
      verdict: 'refuse',
      reason: 'from etcd 3.6.15 to 3.8.1 skips a minor version: go to 3.7 first',
    });
  });
  test('is refused for a member that is alone', () => {
    expect(decide([member(0)], { size: 1 })).toMatchObject({ verdict: 'refuse' });
  });
});
