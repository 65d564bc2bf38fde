/**
 * Inside the VPC: asks every member that has an address, and decides the next step. While there is only something to wait
 * for it asks again for a moment, so that a leader is found, and a loss seen, as soon as it can be.
 */
import { assessQuorum, type QuorumAssessment } from '../common/quorum/assess.ts';
import { bestList, statusesOf, type AnyMembers, type AskedMember } from '../common/quorum/members.ts';
import type { MemberTask, QuorumMemory, QuorumTasks } from '../common/quorum/observation.ts';
import type { QuorumPolicy } from '../common/quorum/policy.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';

export interface AssessInput {
  readonly observed: QuorumTasks;
  readonly memory: QuorumMemory;
}

export interface AssessOptions {
  readonly policy: QuorumPolicy;
  readonly intervalMs: number;
  readonly budgetMs: number;
  readonly clock: Clock;
}

/** The tasks as they are now: the registry hears of each change within a moment. */
export type SeeTasks = () => Promise<readonly MemberTask[]>;

export async function assess(
  { members, tasks: see }: { readonly members: AnyMembers; readonly tasks: SeeTasks },
  { observed, memory }: AssessInput,
  options: AssessOptions,
): Promise<QuorumAssessment> {
  let remembered = memory;
  const { assessment } = await pollUntil(async () => {
    const tasks = [...(await see())];
    const { assessment } = await lookAt({ members, see }, { ...observed, tasks }, remembered, options);
    remembered = assessment.memory;
    return { ready: assessment.action.kind !== 'wait', assessment };
  }, options);
  return assessment;
}

export interface Look {
  readonly assessment: QuorumAssessment;
  readonly asked: readonly AskedMember[];
}

/** One look: all members asked, and what follows from their answers. */
export async function lookAt(
  { members, see }: { readonly members: AnyMembers; readonly see: SeeTasks },
  observed: QuorumTasks,
  memory: QuorumMemory,
  options: Omit<AssessOptions, 'budgetMs'>,
): Promise<Look> {
  // One that is starting has an address, and nobody at it yet.
  const running = addressesOf(observed.tasks, 'running');
  const leaving = addressesOf(observed.tasks, 'stopping');
  const asked = await unlessGone(running, see, options, members.ask([...running, ...leaving], new Set(leaving)));
  if (asked === 'gone') {
    return { assessment: { action: { kind: 'wait' }, reason: 'a task ended meanwhile', memory }, asked: [] };
  }
  const list = bestList(asked);
  const observation = { ...observed, statuses: statusesOf(asked), memory, ...(list === undefined ? {} : { list }) };
  return { assessment: assessQuorum(observation, options.policy, options.clock.now()), asked };
}

const addressesOf = (tasks: readonly MemberTask[], wanted: MemberTask['state']) =>
  tasks.flatMap(({ address, state }) => (address !== undefined && state === wanted ? [address] : []));

/** A task that ends while its member is asked would be waited for until the timeout of the question. */
async function unlessGone<Answer>(
  running: readonly string[],
  see: SeeTasks,
  { clock, intervalMs }: Pick<AssessOptions, 'clock' | 'intervalMs'>,
  question: Promise<Answer>,
): Promise<Answer | 'gone'> {
  let answered = false;
  const watch = async (): Promise<'gone'> => {
    for (;;) {
      await clock.sleep(intervalMs);
      if (answered) return 'gone';
      const now = addressesOf(await see(), 'running');
      if (!running.every((address) => now.includes(address))) return 'gone';
    }
  };
  try {
    return await Promise.race([question, watch()]);
  } finally {
    answered = true;
  }
}
