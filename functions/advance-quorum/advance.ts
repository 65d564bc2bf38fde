/**
 * Inside the VPC: decides the next step of a quorum and takes it, as long as it is a change of etcd's own list of members; after
 * each one everything is asked again and decided anew. What comes back is the first step that is somebody else's (a task to
 * start or to stop), that all is well, or that there is something to wait for.
 *
 * One call in place of two a change: a step of a machine costs more than the change itself. It changes nothing for a cluster
 * whose lock it no longer has.
 */
import type { QuorumAction } from '../common/quorum/assess.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import type { MemberChange } from '../common/quorum/change.ts';
import type { AnyMembers } from '../common/quorum/members.ts';
import type { MemberTask, QuorumMemory } from '../common/quorum/observation.ts';
import { lookAt, type AssessInput, type AssessOptions } from '../assess-quorum/assess.ts';
import { changeMembership, type Changed } from './change.ts';

/** Whether it is still for us to change the members; and with what tasks, as they are now. */
export type Turn = { readonly ours: true; readonly tasks: readonly MemberTask[] } | { readonly ours: false };

export interface AdvanceDeps {
  readonly members: AnyMembers;
  readonly turn: () => Promise<Turn>;
  readonly connect: (address: string) => EtcdClient;
  readonly report: (change: MemberChange, changed: Changed) => void;
}

export interface Advanced {
  /** Never a change of members. */
  readonly action: QuorumAction;
  readonly reason: string;
  readonly memory: QuorumMemory;
  /** Those on which this was decided. */
  readonly tasks: readonly MemberTask[];
}

export async function advanceQuorum(
  { members, turn, connect, report }: AdvanceDeps,
  { observed, memory }: AssessInput,
  options: AssessOptions,
): Promise<Advanced> {
  const { clock, intervalMs, budgetMs } = options;
  const deadline = clock.now() + budgetMs;
  const see = async () => {
    const now = await turn();
    return now.ours ? now.tasks : [];
  };
  let last: Advanced = { action: { kind: 'wait' }, reason: 'nothing was looked at', memory, tasks: observed.tasks };
  for (;;) {
    const now = await turn();
    if (!now.ours) {
      return { ...last, action: { kind: 'wait' }, reason: 'the metadata lock is not ours any more' };
    }
    const tasks = [...now.tasks];
    const { assessment, asked } = await lookAt({ members, see }, { ...observed, tasks }, last.memory, options);
    last = { ...assessment, tasks };
    const change = changeIn(assessment.action);
    if (change === undefined && assessment.action.kind !== 'wait') return last;
    if (change !== undefined) {
      const changed = await changeMembership(connect, change, asked);
      report(change, changed);
      last = { ...last, action: { kind: 'wait' }, reason: changed.reason };
      if (changed.done && clock.now() < deadline) continue;
    }
    if (clock.now() + intervalMs >= deadline) return last;
    await clock.sleep(intervalMs);
  }
}

function changeIn(action: QuorumAction): MemberChange | undefined {
  switch (action.kind) {
    case 'remove-member':
    case 'add-learner':
    case 'promote-member':
    case 'move-leader':
      return action;
    default:
      return undefined;
  }
}
