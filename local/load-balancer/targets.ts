/**
 * The registered targets while they live: their health, whose turn it is, what is under way, and how they leave.
 *
 * A target that is taken out drains: its requests finish, new ones go elsewhere, and it is gone as soon as nothing is
 * under way, at the latest after the group's deregistration delay, when what is left is broken off.
 */
import type { Probe } from './health/probe.ts';
import { checkRegularly } from './health/checks.ts';
import { DRAINING, NEWLY_REGISTERED, UNCHECKED, UNUSED, type Health, type HealthHistory } from './health/state.ts';
import type { ReportedTarget } from './health/report.ts';
import type { BalancerState, Target, TargetGroup } from './rules/model.ts';

export class LiveTarget {
  readonly id: string;
  readonly port: number | undefined;
  health: Health = NEWLY_REGISTERED.health;
  /** Breaks a request off. */
  readonly underWay = new Set<() => void>();
  stopChecks: (() => HealthHistory) | undefined;
  onIdle: (() => void) | undefined;

  constructor({ id, port }: Target) {
    this.id = id;
    this.port = port;
  }

  /** Notes a request; the returned function notes its end. */
  begin(breakOff: () => void): () => void {
    this.underWay.add(breakOff);
    return () => {
      if (this.underWay.delete(breakOff) && this.underWay.size === 0) this.onIdle?.();
    };
  }
}

interface LiveGroup {
  group: TargetGroup;
  readonly targets: Map<string, LiveTarget>;
  readonly leaving: Set<LiveTarget>;
  turn: number;
}

export interface TargetsOptions {
  readonly probe: Probe;
  readonly onHealth: (targetGroupArn: string) => void;
  /** A target is gone for good: its connections can be closed. */
  readonly onGone: (target: LiveTarget) => void;
}

const keyOf = ({ id, port }: Target) => `${id}:${port ?? ''}`;

export class Targets {
  readonly #options: TargetsOptions;
  readonly #groups = new Map<string, LiveGroup>();

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  update(state: BalancerState): void {
    for (const [arn, live] of this.#groups) {
      if (state.targetGroups.has(arn)) continue;
      for (const target of live.targets.values()) this.#drain(live, target);
      this.#groups.delete(arn);
    }
    for (const group of state.targetGroups.values()) this.#updateGroup(group);
  }

  #updateGroup(group: TargetGroup): void {
    const live: LiveGroup = this.#groups.get(group.arn) ?? { group, targets: new Map(), leaving: new Set(), turn: 0 };
    this.#groups.set(group.arn, live);
    const recheck =
      live.group.used !== group.used || JSON.stringify(live.group.healthCheck) !== JSON.stringify(group.healthCheck);
    live.group = group;
    const registered = new Map(group.targets.map((target) => [keyOf(target), target]));
    let changed = recheck;
    for (const [key, target] of live.targets) {
      if (registered.has(key)) {
        if (recheck) this.#check(live, target);
        continue;
      }
      live.targets.delete(key);
      this.#drain(live, target);
      changed = true;
    }
    for (const [key, target] of registered) {
      if (live.targets.has(key)) continue;
      const added = new LiveTarget(target);
      live.targets.set(key, added);
      this.#check(live, added);
      changed = true;
    }
    if (changed) this.#options.onHealth(group.arn);
  }

  /** (Re)starts the checks; a target that was checked before keeps what is known about it. */
  #check(live: LiveGroup, target: LiveTarget): void {
    const { group } = live;
    const history = target.stopChecks?.();
    target.stopChecks = undefined;
    if (!group.used) {
      target.health = UNUSED;
    } else if (group.type === 'lambda' || !group.healthCheck.enabled || target.port === undefined) {
      target.health = UNCHECKED;
    } else {
      const start = history ?? NEWLY_REGISTERED;
      target.health = start.health;
      const checks = checkRegularly(
        { host: target.id, port: target.port },
        group.healthCheck,
        this.#options.probe,
        (health) => {
          target.health = health;
          this.#options.onHealth(group.arn);
        },
        start,
      );
      target.stopChecks = () => checks.stop();
    }
  }

  #drain(live: LiveGroup, target: LiveTarget): void {
    target.stopChecks?.();
    target.health = DRAINING;
    const gone = () => {
      clearTimeout(timer);
      target.onIdle = undefined;
      live.leaving.delete(target);
      this.#options.onGone(target);
    };
    const timer = setTimeout(() => {
      for (const breakOff of [...target.underWay]) breakOff();
      gone();
    }, live.group.deregistrationDelayMs);
    live.leaving.add(target);
    target.onIdle = gone;
    if (target.underWay.size === 0) gone();
  }

  /** Whose turn it is; undefined when none is registered. */
  next(targetGroupArn: string): LiveTarget | undefined {
    const live = this.#groups.get(targetGroupArn);
    if (live === undefined) return undefined;
    const all = [...live.targets.values()];
    const fit = all.filter(({ health: { state } }) => state === 'healthy' || state === 'unavailable');
    // Fails open: without a single healthy target every registered one gets requests, as on the ALB.
    const candidates = fit.length > 0 ? fit : all;
    live.turn += 1;
    return candidates[live.turn % candidates.length];
  }

  /** For the report: registered and leaving ones. */
  healthOf(targetGroupArn: string): ReportedTarget[] | undefined {
    const live = this.#groups.get(targetGroupArn);
    if (live === undefined) return undefined;
    return [...live.leaving, ...live.targets.values()].map(({ id, port, health }) => ({ id, port, ...health }));
  }

  get groups(): readonly TargetGroup[] {
    return [...this.#groups.values()].map(({ group }) => group);
  }

  stop(): void {
    for (const live of this.#groups.values()) {
      for (const target of live.targets.values()) target.stopChecks?.();
      // Ends their timers.
      for (const target of live.leaving) target.onIdle?.();
    }
  }
}
