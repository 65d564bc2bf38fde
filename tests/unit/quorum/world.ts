/**
 * A quorum on ECS in a few lines, to run the assessment against: tasks that start, pause and stop, etcd's list of members,
 * and what of it an observer would see. The steps of the machine are carried out as the functions carry them out.
 */
import { decideChange } from '../../../functions/common/quorum/change.ts';
import type { QuorumAction } from '../../../functions/common/quorum/assess.ts';
import {
  quorumOf,
  type ListedMember,
  type MemberStatus,
  type MemberTask,
  type QuorumMemory,
  type QuorumObservation,
} from '../../../functions/common/quorum/observation.ts';

export const peerUrlOf = (ordinal: number) => `http://etcd-${ordinal}.demo.redkite.internal:2380`;
const NO_MEMORY: QuorumMemory = { since: {}, spent: [] };

interface SimulatedTask {
  readonly id: string;
  readonly ordinal: number;
  state: 'starting' | 'running' | 'paused' | 'stopped';
  asked: boolean;
  /** Which member its process is; set when it joins. */
  memberId?: string;
}

export class World {
  now = 0;
  memory: QuorumMemory = NO_MEMORY;
  members: ListedMember[];
  readonly tasks: SimulatedTask[];
  readonly size: number;
  private readonly launched = new Map<string, SimulatedTask>();
  private preferredLeader: string | undefined;
  private serial = 100;
  private older: MemberTask[] | undefined;

  constructor(size: number) {
    this.size = size;
    this.members = Array.from({ length: size }, (_, ordinal) => ({
      id: String(ordinal + 1),
      name: `etcd-${ordinal}`,
      peerUrls: [peerUrlOf(ordinal)],
      isLearner: false,
    }));
    this.tasks = this.members.map(({ id }, ordinal) => ({
      id: `t${ordinal}`,
      ordinal,
      state: 'running',
      asked: false,
      memberId: id,
    }));
  }

  alive(member: ListedMember): boolean {
    return this.tasks.some(({ state, memberId }) => state === 'running' && memberId === member.id);
  }

  voters(): ListedMember[] {
    return this.members.filter(({ isLearner }) => !isLearner);
  }

  hasQuorum(): boolean {
    return this.voters().filter((member) => this.alive(member)).length >= quorumOf(this.voters().length);
  }

  /** A majority has lost its data: nothing can bring this quorum back. */
  isLost(): boolean {
    const left = this.voters().filter((member) =>
      this.tasks.some(({ state, memberId }) => state !== 'stopped' && memberId === member.id),
    );
    return left.length < quorumOf(this.voters().length);
  }

  private leader(): string {
    if (!this.hasQuorum()) return '0';
    const able = this.voters().filter((member) => this.alive(member));
    return (able.find(({ id }) => id === this.preferredLeader) ?? able[0])?.id ?? '0';
  }

  private statuses(): MemberStatus[] {
    return this.tasks.flatMap(({ id, state, memberId }) => {
      if (state !== 'running' || memberId === undefined) return [];
      const member = this.members.find((listed) => listed.id === memberId);
      return [
        {
          address: `address of ${id}`,
          memberId,
          clusterId: 'c',
          leader: member === undefined ? '0' : this.leader(),
          isLearner: member?.isLearner ?? false,
          raftIndex: 100,
          raftTerm: 1,
        },
      ];
    });
  }

  private seenTasks(): MemberTask[] {
    return this.tasks
      .filter(({ state }) => state !== 'stopped')
      .map(({ id, ordinal, state, asked }) => ({
        ordinal,
        taskId: id,
        taskArn: id,
        state: asked ? 'stopping' : state === 'starting' ? 'starting' : 'running',
        ...(state === 'starting' ? {} : { address: `address of ${id}` }),
      }));
  }

  /** `stale`: the tasks as they were at the look before. What etcd says is always of this moment. */
  observe(stale: boolean): QuorumObservation {
    const fresh = this.seenTasks();
    const tasks = stale ? (this.older ?? fresh) : fresh;
    this.older = fresh;
    const statuses = this.statuses().filter(({ address }) => tasks.some((task) => task.address === address));
    return {
      peerUrls: Array.from({ length: this.size }, (_, ordinal) => peerUrlOf(ordinal)),
      tasks,
      retire: [],
      statuses,
      ...(statuses.length === 0
        ? {}
        : { list: { linearizable: this.leader() !== '0', clusterId: 'c', members: [...this.members] } }),
      memory: this.memory,
    };
  }

  /** Time passes; what is on its way arrives. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const task of this.tasks) {
      if (task.asked) task.state = 'stopped';
      if (task.state === 'starting') this.join(task);
      // A member that learns that it was removed ends itself.
      const removed = task.memberId !== undefined && !this.members.some(({ id }) => id === task.memberId);
      if (removed && task.state === 'running') task.state = 'stopped';
    }
  }

  private join(task: SimulatedTask): void {
    const member = this.members.find(({ peerUrls }) => peerUrls.includes(peerUrlOf(task.ordinal)));
    if (!this.hasQuorum()) return;
    if (member === undefined || this.alive(member)) {
      task.state = 'stopped';
      return;
    }
    task.state = 'running';
    task.memberId = member.id;
    this.members = this.members.map((listed) =>
      listed.id === member.id ? { ...listed, name: `etcd-${task.ordinal}` } : listed,
    );
  }

  /** A new execution knows nothing of the one that died. */
  restartExecution(): void {
    this.memory = NO_MEMORY;
  }

  act(action: QuorumAction): void {
    switch (action.kind) {
      case 'stop-task':
        for (const task of this.tasks) if (task.id === action.taskId) task.asked = true;
        return;
      case 'launch-member': {
        const known = this.launched.get(action.memberId);
        if (known?.state === 'stopped') {
          this.memory = { ...this.memory, spent: [...this.memory.spent, action.memberId] };
        }
        if (known !== undefined) return;
        this.serial += 1;
        const task: SimulatedTask = {
          id: `t${this.serial}`,
          ordinal: action.ordinal,
          state: 'starting',
          asked: false,
        };
        this.launched.set(action.memberId, task);
        this.tasks.push(task);
        return;
      }
      case 'none':
      case 'wait':
      case 'quorum-lost':
        return;
      case 'remove-member':
      case 'add-learner':
      case 'promote-member':
      case 'move-leader':
        if (this.hasQuorum() && decideChange(action, this.members, this.statuses()).decision === 'act') {
          this.change(action);
        }
    }
  }

  private change(action: Parameters<typeof decideChange>[0]): void {
    switch (action.kind) {
      case 'remove-member':
        this.members = this.members.filter(({ id }) => id !== action.memberId);
        return;
      case 'add-learner':
        this.serial += 1;
        this.members = [
          ...this.members,
          { id: String(this.serial), name: '', peerUrls: [action.peerUrl], isLearner: true },
        ];
        return;
      case 'promote-member':
        this.members = this.members.map((member) =>
          member.id === action.memberId && this.alive(member) ? { ...member, isLearner: false } : member,
        );
        return;
      case 'move-leader':
        this.preferredLeader = action.to;
    }
  }
}
