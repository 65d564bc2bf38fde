/**
 * Inside the VPC: asks every member that has an address, and decides the next step. While there is only something to wait
 * for it asks again for a moment, so that a learner is promoted, and a leader found, as soon as it can be.
 */
import { assessQuorum, type QuorumAssessment } from '../common/quorum/assess.ts';
import { bestList, statusesOf, type Members } from '../common/quorum/members.ts';
import type { QuorumMemory, QuorumTasks } from '../common/quorum/observation.ts';
import type { QuorumPolicy } from '../common/quorum/policy.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';

export interface AssessInput {
  readonly observed: QuorumTasks;
  readonly memory: QuorumMemory;
}

export interface Assessed extends QuorumAssessment {
  /** Where members answer, the leader first: for the change that follows. */
  readonly addresses: readonly string[];
}

export interface AssessOptions {
  readonly policy: QuorumPolicy;
  readonly intervalMs: number;
  readonly budgetMs: number;
  readonly clock: Clock;
}

export async function assess(
  members: Members,
  { observed, memory }: AssessInput,
  options: AssessOptions,
): Promise<Assessed> {
  let remembered = memory;
  const { assessed } = await pollUntil(async () => {
    const asked = await members.ask();
    const statuses = statusesOf(asked);
    const list = bestList(asked);
    const assessment = assessQuorum(
      { ...observed, statuses, memory: remembered, ...(list === undefined ? {} : { list }) },
      options.policy,
      options.clock.now(),
    );
    remembered = assessment.memory;
    const leads = ({ memberId, leader }: (typeof statuses)[number]) => memberId === leader;
    const addresses = statuses
      .filter(({ isLearner }) => !isLearner)
      .toSorted((a, b) => Number(leads(b)) - Number(leads(a)))
      .map(({ address }) => address);
    return { ready: assessment.action.kind !== 'wait', assessed: { ...assessment, addresses } };
  }, options);
  return assessed;
}
