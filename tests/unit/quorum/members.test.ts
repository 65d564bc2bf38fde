/** Who is waited for when all members of a quorum are asked. */
import { askAll, type AskedMember } from '../../../functions/common/quorum/members.ts';
import { peerUrlOf } from './world.ts';

/** Of three members, the third as a voter or a learner. */
function answerOf(ordinal: number, third: 'voter' | 'learner', agreed = true): AskedMember {
  const address = `10.0.0.${ordinal}`;
  const list = [0, 1, 2].map((n) => ({
    id: `m${n}`,
    name: `etcd-${n}`,
    peerUrls: [peerUrlOf(n)],
    isLearner: n === 2 && third === 'learner',
  }));
  const id = { memberId: `m${ordinal}`, clusterId: 'c', leader: agreed ? 'm0' : '0' };
  return {
    address,
    answer: {
      status: { address, ...id, isLearner: false, raftIndex: 1, raftTerm: 1, version: '3.6.16' },
      ...{ storage: { dbSize: 1, dbSizeInUse: 1, dbSizeQuota: 1, revision: 1 }, alarms: [], statusMs: 1 },
      ...(agreed ? { agreed: list } : {}),
    },
  };
}

/** Members 0 and 1 answer, 2 says nothing until it is let; whether the question is over by then, and its answers. */
async function silentThird(third: 'voter' | 'learner', options: { leaving?: boolean; agreed?: boolean } = {}) {
  let speak: ((answer: AskedMember) => void) | undefined;
  const asked = new Promise<AskedMember>((resolve) => {
    speak = resolve;
  });
  const questions = [0, 1].map((n) => ({
    address: `10.0.0.${n}`,
    asked: Promise.resolve(answerOf(n, third, options.agreed)),
  }));
  let waited = false;
  const all = askAll(
    [...questions, { address: '10.0.0.2', asked }],
    new Set(options.leaving === true ? ['10.0.0.2'] : []),
  );
  const timer = setTimeout(() => {
    waited = true;
    speak?.({ address: '10.0.0.2', problem: 'deadline exceeded' });
  }, 500);
  const answers = await all;
  clearTimeout(timer);
  return { waited, third: answers[2] };
}

test.each([
  ['a voter that says nothing is waited for', 'voter', {}, true],
  ['a learner that says nothing is not', 'learner', {}, false],
  ['without a quorum nobody knows who is a learner', 'learner', { agreed: false }, true],
  ['a task that was asked to stop is not waited for', 'voter', { leaving: true }, false],
  ['nor where no quorum answers', 'voter', { leaving: true, agreed: false }, false],
] as const)('%s', async (_, third, options, waits) => {
  const { waited, third: answer } = await silentThird(third, options);
  expect(waited).toBe(waits);
  expect(answer).toMatchObject({ address: '10.0.0.2', problem: expect.any(String) as string });
});

test('nobody at all is no reason to wait', async () => {
  expect(await askAll([], new Set())).toEqual([]);
});
