/**
 * The members of a quorum, asked each for itself: one connection a member, because what one of them does not know or
 * cannot say is as telling as what another one says.
 */
import { messageOf } from '../lambda/errors.ts';
import { connectEtcd, type Alarm, type EtcdClient } from '../etcd/client.ts';
import { ETCD } from '../releases/profiles.ts';
import type { ListedMember, MemberList, MemberStatus } from './observation.ts';

/** What a member says of its database, in bytes, and where it stands. */
export interface MemberStorage {
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  /** 0 before etcd 3.6. */
  readonly dbSizeQuota: number;
  readonly revision: number;
}

export interface MemberAnswer {
  readonly status: MemberStatus & { readonly version: string };
  readonly storage: MemberStorage;
  /** Alarms of the whole quorum, as this member knows them. */
  readonly alarms: readonly Alarm[];
  /** Milliseconds that its status took, connection included when it was the first question. */
  readonly statusMs: number;
  /** With a quorum behind it; absent when none answered in time, and from a learner. */
  readonly agreed?: readonly ListedMember[];
  /** What the member itself remembers. */
  readonly remembered?: readonly ListedMember[];
}

export type AskedMember = { readonly address: string } & (
  { readonly answer: MemberAnswer } | { readonly problem: string }
);

export interface Members {
  readonly ask: () => Promise<AskedMember[]>;
  readonly close: () => void;
}

export interface AnyMembers {
  /** Whoever is `leaving` is not waited for: nothing that is decided needs its word. */
  readonly ask: (addresses: readonly string[], leaving?: ReadonlySet<string>) => Promise<AskedMember[]>;
  readonly close: () => void;
}

export const endpointOf = (address: string) => `${address}:${ETCD.clientPort}`;

/** For those who may yet answer when everybody who matters has. */
const GRACE_MS = 30;

/** `endpoint`: host:port of an address. */
export function connectMembers(
  addresses: readonly string[],
  timeoutMs: number,
  endpoint: (address: string) => string = endpointOf,
): Members {
  const { ask, close } = connectAny(timeoutMs, endpoint);
  return { ask: () => ask(addresses), close };
}

/** Connects to each address when it is asked for the first time. */
export function connectAny(timeoutMs: number, endpoint: (address: string) => string = endpointOf): AnyMembers {
  const clients = new Map<string, EtcdClient>();
  const clientOf = (address: string) => {
    const client = clients.get(address) ?? connectEtcd([endpoint(address)], { timeoutMs });
    clients.set(address, client);
    return client;
  };
  return {
    ask: (addresses, leaving = new Set()) =>
      askAll(
        addresses.map((address) => ({ address, asked: askMember(address, clientOf(address)) })),
        leaving,
      ),
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

/**
 * Waits for all, but for a moment only when none of the silent ones is a voter that stays: a learner serves nobody until it
 * has caught up, and a task that is on its way out may never answer again. They would cost a timeout each time. Exported for its
 * test.
 */
export async function askAll(
  questions: readonly { readonly address: string; readonly asked: Promise<AskedMember> }[],
  leaving: ReadonlySet<string>,
): Promise<AskedMember[]> {
  const answers = new Map<string, AskedMember>();
  let enough: (() => void) | undefined;
  const settled = questions.map(async ({ address, asked }) => {
    answers.set(address, await asked);
    enough?.();
  });
  const silent = () => questions.filter(({ address }) => !answers.has(address));
  await Promise.race([
    Promise.all(settled),
    new Promise<void>((resolve) => {
      enough = () => {
        if (!silent().every(({ address }) => leaving.has(address)) && !haveAllVoters([...answers.values()])) return;
        enough = undefined;
        setTimeout(resolve, GRACE_MS);
      };
      enough();
    }),
  ]);
  return questions.map(
    ({ address }) => answers.get(address) ?? { address, problem: 'it had not answered when all voters had' },
  );
}

function haveAllVoters(asked: readonly AskedMember[]): boolean {
  const list = bestList(asked);
  if (list?.linearizable !== true) return false;
  const said = new Set(statusesOf(asked).map(({ memberId }) => memberId));
  return list.members.every(({ id, isLearner }) => isLearner || said.has(id));
}

async function askMember(address: string, client: EtcdClient): Promise<AskedMember> {
  const askedAt = performance.now();
  let statusMs = 0;
  const [status, agreed, remembered] = await Promise.allSettled([
    client.status().finally(() => {
      statusMs = performance.now() - askedAt;
    }),
    client.memberList({ linearizable: true }),
    client.memberList({ linearizable: false }),
  ]);
  if (status.status === 'rejected') return { address, problem: messageOf(status.reason) };
  const { memberId, clusterId, leader, isLearner, raftIndex, raftTerm, version, ...storage } = status.value;
  const { dbSize, dbSizeInUse, dbSizeQuota, revision, errors } = storage;
  return {
    address,
    answer: {
      status: { address, memberId, clusterId, leader, isLearner, raftIndex, raftTerm, version },
      storage: { dbSize, dbSizeInUse, dbSizeQuota, revision },
      alarms: alarmsIn(errors),
      statusMs,
      ...(agreed.status === 'fulfilled' ? { agreed: agreed.value } : {}),
      ...(remembered.status === 'fulfilled' ? { remembered: remembered.value } : {}),
    },
  };
}

/** The list of members as well as it can be known: agreed on, or else what the best informed survivor remembers. */
export function bestList(asked: readonly AskedMember[]): MemberList | undefined {
  const answers = asked
    .flatMap((member) => ('answer' in member ? [member.answer] : []))
    .toSorted((a, b) => b.status.raftTerm - a.status.raftTerm || b.status.raftIndex - a.status.raftIndex);
  for (const { status, agreed } of answers) {
    if (agreed !== undefined) return { linearizable: true, clusterId: status.clusterId, members: agreed };
  }
  for (const { status, remembered } of answers) {
    if (remembered !== undefined) return { linearizable: false, clusterId: status.clusterId, members: remembered };
  }
  return undefined;
}

export const statusesOf = (asked: readonly AskedMember[]): MemberStatus[] =>
  asked.flatMap((member) => ('answer' in member ? [member.answer.status] : []));

/** etcd tells alarms among the errors of a status, as text (`memberID:42 alarm:NOSPACE`). Exported for its test. */
export function alarmsIn(errors: readonly string[]): Alarm[] {
  return errors.flatMap((text) => {
    const [, memberId, alarm] = /memberID:(\d+)\s+alarm:(NOSPACE|CORRUPT)/.exec(text) ?? [];
    return memberId === undefined ? [] : [{ memberId, alarm: alarm as Alarm['alarm'] }];
  });
}
