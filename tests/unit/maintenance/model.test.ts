/**
 * All laws of the maintenance together, against a quorum in a few lines: whatever was written, shipped and restored, and
 * wherever executions die, history never goes before it is in S3, and a quorum without room gets some or says why not.
 */
import fc from 'fast-check';
import {
  decideMaintenance,
  type MaintenanceAction,
  type MaintenanceObservation,
} from '../../../functions/common/maintenance/decide.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import { NOTHING_DONE, type MaintenanceState } from '../../../functions/common/registry/maintenance-state.ts';

const QUOTA = 1_000_000;
/** Of one revision. */
const BYTES = 1_000;
const STEPS_MAX = 40;

class World {
  now = 1_000_000;
  history = 1;
  revision = 1;
  compacted = 0;
  /** Bytes of keys that are there, beside their history. */
  live = 10_000;
  shipped: { history: number; revision: number; archivedAt: number } | undefined;
  done: MaintenanceState = NOTHING_DONE;
  full = false;
  leader: string;
  readonly files: Map<string, number>;

  constructor(size: number, leader: number) {
    this.leader = `m${leader % size}`;
    this.files = new Map(Array.from({ length: size }, (_, n) => [`m${n}`, 0]));
    this.write(1, false);
  }

  inUse(): number {
    return this.live + (this.revision - this.compacted) * BYTES;
  }

  /** `grows`: new keys, not new values of the same ones. */
  write(revisions: number, grows: boolean): void {
    for (let n = 0; n < revisions && !this.full; n += 1) {
      this.revision += 1;
      if (grows) this.live += BYTES;
      for (const [id, size] of this.files) this.files.set(id, Math.max(size, this.inUse()));
      this.full = Math.max(...this.files.values()) >= QUOTA;
    }
  }

  ship(): void {
    const archivedAt = this.shipped?.history === this.history ? this.shipped.archivedAt : this.now;
    this.shipped = { history: this.history, revision: this.revision, archivedAt };
  }

  /** A lost quorum was put back: revisions begin again, and the notes are of another life. */
  restore(): void {
    this.history += 1;
    this.revision = 1;
    this.compacted = 0;
    this.full = false;
    for (const id of this.files.keys()) this.files.set(id, this.inUse());
  }

  observe(): MaintenanceObservation {
    return {
      quorum: { state: 'healthy', reason: 'fine' },
      members: [...this.files].map(([memberId, dbSize]) => ({
        ...{ memberId, name: memberId, address: memberId, leads: memberId === this.leader, dbSize },
        ...{ dbSizeInUse: this.inUse(), quota: QUOTA },
      })),
      alarms: this.full ? [{ memberId: 'm0', alarm: 'NOSPACE' }] : [],
      revision: this.revision,
      history: String(this.history),
      shipped: this.shipped === undefined ? undefined : { ...this.shipped, history: String(this.shipped.history) },
      done: this.done,
    };
  }

  /** `noted` is false when the execution died right after the step. */
  act(action: MaintenanceAction, noted: boolean): void {
    const at = new Date(this.now).toISOString();
    const note = (done: MaintenanceState) => {
      if (noted) this.done = done;
    };
    switch (action.kind) {
      case 'archive':
        this.shipped = { history: this.history, revision: this.revision, archivedAt: this.now };
        return;
      case 'compact': {
        const shipped = this.shipped?.history === this.history ? this.shipped.revision : 0;
        if (action.revision > shipped) throw new Error(`revision ${action.revision} goes, S3 has ${shipped}`);
        if (action.revision > this.revision) throw new Error('a revision of the future');
        this.compacted = Math.max(this.compacted, action.revision);
        note({ ...this.done, compacted: { history: action.history, revision: action.revision, at } });
        return;
      }
      case 'defragment':
        this.files.set(action.memberId, this.inUse());
        note({ ...this.done, defragmented: { ...this.done.defragmented, [action.memberId]: at } });
        return;
      case 'disarm':
        if (Math.max(...this.files.values()) >= QUOTA) throw new Error('the alarm comes back at once');
        this.full = false;
        return;
      case 'none':
      case 'wait':
      case 'replace-members':
      case 'give-up':
        return;
    }
  }
}

/** One execution, which dies after so many steps. Returns what it did. */
function execute(world: World, thorough: boolean, diesAfter: number): MaintenanceAction[] {
  const options = { since: world.now, thorough, disarmCorrupt: false };
  const done: MaintenanceAction[] = [];
  for (let n = 0; n < STEPS_MAX; n += 1) {
    world.now += 1_000;
    const { action } = decideMaintenance(world.observe(), MAINTENANCE_POLICY, options, world.now);
    done.push(action);
    world.act(action, n < diesAfter);
    if (n >= diesAfter || action.kind === 'none' || action.kind === 'give-up') return done;
  }
  throw new Error(`no end: ${done.map(({ kind }) => kind).join(', ')}`);
}

const event = fc.oneof(
  fc.record({ what: fc.constantFrom('write', 'grow'), much: fc.nat(30_000), bit: fc.boolean() }),
  fc.record({ what: fc.constantFrom('ship', 'ship', 'restore', 'wait'), much: fc.constant(0), bit: fc.boolean() }),
  fc.record({ what: fc.constant('execute'), much: fc.nat(8), bit: fc.boolean() }),
);

test.each([1, 3, 5])('a quorum of %i', (size) => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.nat(4), (events, leader) => {
      const world = new World(size, leader);
      for (const { what, much, bit } of events) {
        if (what === 'write' || what === 'grow') world.write(much, what === 'grow');
        if (what === 'ship') world.ship();
        if (what === 'restore') world.restore();
        if (what === 'wait') world.now += 3_600_000;
        if (what === 'execute') execute(world, bit, much);
      }
      world.now += 3_600_000;
      const done = execute(world, false, STEPS_MAX);
      const defragmented = done.flatMap((action) => (action.kind === 'defragment' ? [action.memberId] : []));
      expect(new Set(defragmented).size).toBe(defragmented.length);
      if (defragmented.includes(world.leader)) expect(defragmented.at(-1)).toBe(world.leader);
      const end = done.at(-1);
      if (end?.kind === 'give-up') {
        // Nothing was left that could have made room: the keys themselves need it.
        expect(world.full).toBe(true);
        expect(Math.max(...world.files.values())).toBeLessThanOrEqual(world.inUse());
        expect(world.inUse()).toBeGreaterThanOrEqual(QUOTA * MAINTENANCE_POLICY.roomShare);
      } else {
        expect(world.full).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
