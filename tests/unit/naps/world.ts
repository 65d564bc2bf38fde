/**
 * A cluster between awake and asleep as far as its phases go, driven by the very decisions of the product. The two machines
 * are walked state by state as their definitions say (tests/statemachines run those); every walk may fail or die anywhere.
 */
import { decideAction, type Action } from '../../../functions/act-on-cluster/decide.ts';
import { decideSleep } from '../../../functions/begin-sleep/decide.ts';
import { decideWake } from '../../../functions/begin-wake/decide.ts';
import { executionName } from '../../../functions/common/cluster/names.ts';
import { mayFollow } from '../../../functions/common/cluster/phases.ts';
import type { ClusterRecord, NapPoint } from '../../../functions/common/cluster/record.ts';
import type { Taking } from '../../../functions/common/registry/registry.ts';
import { restingPhase } from '../../../functions/finish-operation/finish.ts';
import { decideSettlement } from '../../../functions/settle-execution/decide.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type SleepState =
  | 'begin'
  | 'divert'
  | 'flush'
  | 'save'
  | 'stop'
  | 'archive'
  | 'members'
  | 'finish'
  | 'start-wake'
  | 'open'
  | 'awake'
  | 'give-up';
type WakeState = 'begin' | 'members' | 'restore' | 'services' | 'open' | 'awake' | 'hand-over';

/**
 * `fails`: its function never does its work. `lost`: it does, and the machine hears that it failed. `again`: it does, its answer is
 * lost, and the machine calls it once more.
 */
export type Step = 'works' | 'fails' | 'lost' | 'again';

interface Execution {
  readonly name: string;
  readonly verb: Action;
  readonly generation: number;
  readonly failure: { error: string; cause: string } | undefined;
  at: SleepState | WakeState;
  /** Writes in the archive that this walk took before it stopped anything. */
  saved: string | undefined;
  status: 'runs' | 'failed' | 'over';
  settled: boolean;
}

export class World {
  record: Mutable<ClusterRecord>;
  compute = true;
  members = true;
  rulesOpen = true;
  /** Writes that clients were told are kept, and how many of them the quorum has. */
  acknowledged = 0;
  inQuorum = 0;
  private readonly archives = new Map<string, number>();
  readonly executions: Execution[] = [];

  constructor() {
    const { owner, ...record } = aRecord({ phase: 'awake', hasServed: true, metadataOpen: true, entryOpen: true });
    this.record = record;
  }

  /** A client's request, through the load balancer. */
  request(): void {
    if (this.rulesOpen && this.compute && this.members) {
      this.acknowledged += 1;
      this.inQuorum += 1;
      return;
    }
    const { phase, generation, name } = this.record;
    if (phase === 'asleep') this.start('wake', generation + 1);
    if (phase === 'falling-asleep') this.record.wakeWanted ??= { at: NOW.toISOString(), reason: `for ${name}` };
  }

  act(action: Action): void {
    const decision = decideAction(action, this.record);
    if (decision.answer === 'start') this.start(decision.verb, decision.generation);
    if (decision.answer === 'on-its-way' && decision.note) this.record.wakeWanted ??= { at: '', reason: 'asked' };
  }

  /** One state of the `nth` execution that runs. */
  step(nth: number, how: Step = 'works'): void {
    const running = this.executions.filter(({ status }) => status === 'runs');
    const execution = running[nth % Math.max(1, running.length)];
    if (execution === undefined) return;
    const { at } = execution;
    if (how !== 'fails') this.walk(execution, false);
    if (how === 'works') return;
    if (how !== 'fails') Object.assign(execution, { at, status: 'runs' });
    if (how !== 'again') this.walk(execution, true);
  }

  private walk(execution: Execution, fails: boolean): void {
    if (execution.verb === 'sleep') this.stepSleep(execution, fails);
    else this.stepWake(execution, fails);
  }

  /** An execution is aborted, or times out. */
  die(nth: number): void {
    const running = this.executions.filter(({ status }) => status === 'runs');
    const execution = running[nth % Math.max(1, running.length)];
    if (execution !== undefined) execution.status = 'failed';
  }

  dieAll(): void {
    for (const execution of this.executions) if (execution.status === 'runs') execution.status = 'failed';
  }

  /** Members die, when the archive of before the stop is all that is left. */
  loseMembers(): void {
    const { phase, nap } = this.record;
    if (phase === 'falling-asleep' && nap?.point === 'stopping') this.members = false;
    if (phase === 'waking') this.members = false;
  }

  /** `dies`: in the middle of what takes two calls, so that the same event comes again. */
  settle(dies = false): void {
    for (const execution of this.executions) {
      if (execution.status !== 'failed' || execution.settled) continue;
      execution.settled = true;
      const { name } = execution;
      const decision = decideSettlement({ name, status: 'FAILED', error: 'X', cause: 'c' }, this.record);
      if (decision.action === 'put-to-sleep') {
        if (decision.skip !== undefined) this.record.generation += 1;
        if (decision.skip !== undefined && dies) {
          execution.settled = false;
          return;
        }
        this.start('sleep', decision.input.generation, decision.input.failure);
      }
      if (decision.action === 'wake') this.start('wake', decision.input.generation);
      if (decision.action === 'skip-generation') {
        this.record.generation += 1;
        Reflect.deleteProperty(this.record, 'wakeWanted');
      }
      if (decision.action === 'clean-up') throw new Error('a sleep or wake was cleaned up like a create');
    }
  }

  /** Everything goes well from here on, until nothing happens any more. */
  calm(): void {
    for (let rounds = 0; rounds < 500; rounds += 1) {
      this.settle();
      if (!this.executions.some(({ status }) => status === 'runs')) return;
      this.step(0);
    }
    throw new Error(`It never comes to rest: ${JSON.stringify(this.record)}`);
  }

  /** Writes in the archive that the next wake would restore. */
  archived(): number | undefined {
    const name = this.record.nap?.archive?.name;
    return name === undefined ? undefined : this.archives.get(name);
  }

  private start(verb: Action, generation: number, failure?: Execution['failure']): void {
    const name = executionName(this.record.name, verb, generation);
    if (this.executions.some((execution) => execution.name === name)) return;
    const execution: Execution = {
      name,
      verb,
      generation,
      failure,
      at: 'begin',
      saved: undefined,
      status: 'runs',
      settled: false,
    };
    this.executions.push(execution);
  }

  private take({ changes, remove }: Taking): void {
    this.move(changes.phase ?? this.record.phase);
    Object.assign(this.record, changes);
    for (const field of remove) Reflect.deleteProperty(this.record, field);
  }

  private move(to: ClusterRecord['phase']): void {
    const { phase } = this.record;
    if (phase !== to && !mayFollow(phase, to)) throw new Error(`${phase} is followed by ${to}`);
    this.record.phase = to;
  }

  private owns({ generation }: Execution, phase: ClusterRecord['phase']): boolean {
    return this.record.generation === generation && this.record.phase === phase;
  }

  private point(point: NapPoint): void {
    if (this.record.nap !== undefined) this.record.nap = { ...this.record.nap, point };
  }

  private archive(): string {
    const name = `archive-${this.archives.size}`;
    this.archives.set(name, this.inQuorum);
    return name;
  }

  private stepSleep(execution: Execution, fails: boolean): void {
    const turn = () => (execution.at = 'open');
    if (execution.at === 'begin') {
      const { name: owner, generation, failure } = execution;
      const decision = decideSleep(this.record, { generation, owner, reason: 'r', failure }, NOW);
      if (fails || decision.action === 'refuse') return void (execution.status = 'failed');
      if (decision.taking !== undefined) this.take(decision.taking);
      const first = { sleep: 'divert', 'turn-round': 'open', rest: 'stop', 'give-up': 'give-up' } as const;
      execution.at = first[decision.nap.way];
      return;
    }
    if (execution.at === 'start-wake') {
      if (fails) return void (execution.status = 'failed');
      this.start('wake', this.record.generation + 1);
      execution.status = 'over';
      return;
    }
    const lost = !this.owns(execution, 'falling-asleep');
    const before = ['divert', 'flush', 'save'].includes(execution.at);
    if (lost || fails) {
      if (before) turn();
      else execution.status = 'failed';
      return;
    }
    const { nap, wakeWanted } = this.record;
    if (nap === undefined) throw new Error('falling asleep without a note of it');
    switch (execution.at) {
      case 'divert':
        if (wakeWanted !== undefined) return void turn();
        this.point('diverted');
        this.rulesOpen = false;
        execution.at = 'flush';
        return;
      case 'flush':
        if (wakeWanted !== undefined || !this.compute || !this.members) return void turn();
        this.point('flushed');
        execution.at = 'save';
        return;
      case 'save':
        execution.saved = this.archive();
        execution.at = 'stop';
        return;
      case 'stop':
        if (execution.saved !== undefined && wakeWanted !== undefined && nap.point === 'flushed') return void turn();
        if (nap.point !== 'archived' && nap.point !== 'stopping') {
          const name = execution.saved;
          this.record.nap = {
            ...nap,
            point: 'stopping',
            ...(name === undefined ? {} : { archive: { name, revision: 1 } }),
          };
        }
        this.compute = false;
        execution.at = nap.unarchived && this.members ? 'archive' : 'members';
        return;
      case 'archive':
        if (this.members) this.record.nap = { ...nap, archive: { name: this.archive(), revision: 1 } };
        execution.at = 'members';
        return;
      case 'members':
        this.record.nap = { ...nap, point: 'archived', unarchived: false };
        this.record.metadataOpen = false;
        this.members = false;
        execution.at = 'finish';
        return;
      case 'finish': {
        this.move(restingPhase(nap, nap.failedWakes > 0 ? nap.failure?.error : undefined));
        this.record.nap = { ...nap, point: 'resting', takeovers: 0 };
        Reflect.deleteProperty(this.record, 'owner');
        Reflect.deleteProperty(this.record, 'entryOpen');
        if (this.record.phase === 'asleep' && wakeWanted !== undefined) execution.at = 'start-wake';
        else execution.status = 'over';
        return;
      }
      case 'open':
        this.record.entryOpen = true;
        this.rulesOpen = true;
        execution.at = 'awake';
        return;
      case 'awake':
        this.finishAwake(execution);
        return;
      case 'give-up':
        this.move('failed');
        Reflect.deleteProperty(this.record, 'owner');
        execution.status = 'over';
        return;
      default:
        throw new Error(`A sleep has no state ${execution.at}.`);
    }
  }

  private stepWake(execution: Execution, fails: boolean): void {
    if (execution.at === 'begin') {
      const decision = decideWake(this.record, { generation: execution.generation, owner: execution.name }, NOW);
      if (fails || decision.action === 'refuse') return void (execution.status = 'failed');
      if (decision.taking !== undefined) this.take(decision.taking);
      execution.at = decision.archive === undefined ? 'hand-over' : 'members';
      return;
    }
    if (execution.at === 'hand-over') {
      execution.status = 'failed';
      if (!fails) this.start('sleep', execution.generation + 1, { error: 'X', cause: 'c' });
      return;
    }
    if (fails || !this.owns(execution, 'waking')) return void (execution.at = 'hand-over');
    switch (execution.at) {
      case 'members':
        this.members = true;
        this.inQuorum = 0;
        execution.at = 'restore';
        return;
      case 'restore':
        if (!this.members) return void (execution.at = 'hand-over');
        this.inQuorum = this.archived() ?? 0;
        this.record.metadataOpen = true;
        execution.at = 'services';
        return;
      case 'services':
        this.compute = true;
        execution.at = 'open';
        return;
      case 'open':
        if (!this.members) return void (execution.at = 'hand-over');
        this.record.entryOpen = true;
        this.rulesOpen = true;
        execution.at = 'awake';
        return;
      case 'awake':
        this.finishAwake(execution);
        return;
      default:
        throw new Error(`A wake has no state ${execution.at}.`);
    }
  }

  private finishAwake(execution: Execution): void {
    this.move('awake');
    for (const field of ['owner', 'nap', 'wakeWanted', 'failure']) Reflect.deleteProperty(this.record, field);
    execution.status = 'over';
  }
}
