import { decideKeeping } from '../../../functions/common/keeping/decide.ts';
import { memberEndpoints } from '../../../functions/common/keeping/connect.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import type { ArchiveState } from '../../../functions/common/registry/archive-state.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes));
const policy = { archiveEveryMs: 60 * 60_000 };
const point = { history: 'h', revision: 7, sha256: null };
const state: ArchiveState = {
  archive: { name: 'a', createdAt: at(0).toISOString(), revision: 7, keys: 3, verifiedAt: at(0).toISOString() },
  point,
  asOf: at(0).toISOString(),
};

test.each([
  ['nothing was ever archived', undefined, at(0), { action: 'archive' }],
  ['no log can follow', { ...state, point: null }, at(1), { action: 'archive' }],
  ['the archive is young', state, at(59), { action: 'ship', after: point }],
  ['the archive is an hour old', state, at(60), { action: 'archive', reason: 'the newest archive is 60 minutes old' }],
])('%s', (_, known, now, decision) => {
  expect(decideKeeping(known, policy, now)).toMatchObject(decision);
});

test('the members that run and are nobody else', () => {
  const record = { name: 'demo', spec: clusterSpecSchema.parse({ name: 'demo' }) };
  const task = (group: string, address: string, desiredStatus = 'RUNNING') => ({
    ...{ taskId: address, taskArn: address, group, lastStatus: 'RUNNING', desiredStatus, version: 1, address },
  });
  const tasks = [
    task('member:demo:0', '10.0.0.1'),
    task('member:demo:1', '10.0.0.2', 'STOPPED'),
    task('member:demo:7', '10.0.0.3'),
    task('member:other:2', '10.0.0.4'),
    task('service:demo_proxy', '10.0.0.5'),
  ];
  expect(memberEndpoints(record, tasks)).toEqual(['10.0.0.1:2379']);
});
