/**
 * Whether the members of a quorum may be replaced by members of another etcd, and by which. etcd's rules: versions may be
 * mixed while members are replaced one by one; one minor version at a time, upwards; the cluster counts as the lowest version
 * in it, so an upgrade that has not reached every member may still be taken back
 * (https://etcd.io/docs/v3.6/upgrades/upgrading-etcd/, https://etcd.io/docs/v3.6/upgrades/upgrade_3_6/). Pure.
 */
import { memberName } from '../cluster/names.ts';
import { ETCD } from '../releases/profiles.ts';
import type { TaskObservation } from '../cluster/tasks.ts';

export interface EtcdVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const VERSION = /^v?(\d+)\.(\d+)\.(\d+)(?![\d.])/;

/** `3.6.16`, `v3.6.16`, `v3.6.16-arm64`. Undefined for anything else. */
export function parseVersion(text: string): EtcdVersion | undefined {
  const [, major, minor, patch] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** By the tag; a digest behind it says nothing. */
export function versionOfImage(image: string): EtcdVersion | undefined {
  const name = image.split('@')[0] ?? '';
  const tag = name.slice(name.lastIndexOf('/') + 1).split(':')[1];
  return tag === undefined ? undefined : parseVersion(tag);
}

const textOf = ({ major, minor, patch }: EtcdVersion) => `${major}.${minor}.${patch}`;
const compare = (a: EtcdVersion, b: EtcdVersion) => a.major - b.major || a.minor - b.minor || a.patch - b.patch;

/** Before it, a member of 3.6 may find members in the list that were removed long ago ("zombies"). */
const LAST_STEP_TO_3_6: EtcdVersion = { major: 3, minor: 5, patch: 26 };

/** Undefined when members of version `to` may join a quorum of these versions. */
export function refusal(running: readonly EtcdVersion[], to: EtcdVersion): string | undefined {
  const [lowest] = running.toSorted(compare);
  if (lowest === undefined) return undefined;
  const step = `from etcd ${textOf(lowest)} to ${textOf(to)}`;
  if (lowest.major !== to.major) return `${step} is another major version`;
  if (to.minor < lowest.minor) return `${step} is a downgrade of a minor version`;
  if (to.minor > lowest.minor + 1) {
    return `${step} skips a minor version: go to ${to.major}.${lowest.minor + 1} first`;
  }
  if (lowest.minor === 5 && to.minor === 6 && compare(lowest, LAST_STEP_TO_3_6) < 0) {
    return `${step} is safe only from ${textOf(LAST_STEP_TO_3_6)} on: go there first`;
  }
  return undefined;
}

/** What a member's task is made of, so far as ECS tells it. */
export type MemberMake = Pick<TaskObservation, 'image' | 'cpu' | 'memory'>;

/** It runs, and is not what would be started now. What ECS does not tell does not count. */
export function isOutdated({ image, cpu, memory }: MemberMake, deployed: string): boolean {
  const differs = (seen: string | undefined, wanted: string) => seen !== undefined && seen !== wanted;
  return differs(image, deployed) || differs(cpu, String(ETCD.cpu)) || differs(memory, String(ETCD.memory));
}

/**
 * The image for a single member that takes the place of a lost one: the deployment's, unless the members that run could not
 * take it in (a deployment that skips a minor version must not keep a quorum from healing).
 */
export function imageToLaunch(deployed: string, running: readonly string[]): string {
  const to = versionOfImage(deployed);
  const versions = running.flatMap((image) => versionOfImage(image) ?? []);
  if (to === undefined || refusal(versions, to) === undefined) return deployed;
  return running.find((image) => versionOfImage(image) !== undefined) ?? deployed;
}

export interface UpgradeInput {
  readonly size: number;
  readonly deployed: string;
  readonly members: readonly {
    readonly ordinal: number;
    readonly image?: string | undefined;
    /** As the member itself says; undefined while it does not answer. */
    readonly version?: string | undefined;
    readonly outdated: boolean;
  }[];
}

export interface UpgradePlan {
  readonly verdict: 'none' | 'upgrade' | 'refuse';
  readonly reason: string;
  /** Names of the members that would be replaced. */
  readonly replaces: readonly string[];
}

export function decideUpgrade({ size, deployed, members }: UpgradeInput): UpgradePlan {
  const outdated = members.filter((member) => member.outdated);
  const replaces = outdated.map(({ ordinal }) => memberName(ordinal)).toSorted();
  const refuse = (reason: string): UpgradePlan => ({ verdict: 'refuse', reason, replaces });
  if (outdated.length === 0) {
    return { verdict: 'none', reason: `every member that runs is made of ${deployed} already`, replaces };
  }
  if (size < 2) {
    return refuse(
      'a quorum of one member cannot replace it while it serves; a quorum that is made anew has the new image',
    );
  }
  const sameImage = outdated.every(({ image }) => image === undefined || image === deployed);
  if (!sameImage) {
    const to = versionOfImage(deployed);
    if (to === undefined)
      return refuse(`the tag of the image ${deployed} does not say which etcd it is (v3.6.16, say)`);
    const running = members.flatMap(({ version }) => (version === undefined ? [] : (parseVersion(version) ?? [])));
    if (running.length === 0) return refuse('no member answers, so nobody knows which etcd runs');
    const why = refusal(running, to);
    if (why !== undefined) return refuse(why);
  }
  return {
    verdict: 'upgrade',
    reason: `${replaces.length} of ${members.length} members are not made of ${deployed} with ${ETCD.cpu} CPU units and ${ETCD.memory} MiB`,
    replaces,
  };
}
