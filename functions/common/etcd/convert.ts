/** Between what callers see (messages.ts) and what travels (api-kv.ts): one place knows both. */
import type {
  Alarm,
  Bytes,
  Compare,
  DeleteOptions,
  Header,
  KeyValue,
  Member,
  MemberStatus,
  Operation,
  OperationAnswer,
  PutOptions,
  RangeAnswer,
  RangeOptions,
  Transaction,
  TransactionAnswer,
} from './messages.ts';

export const bytes = (value: Bytes) => (typeof value === 'string' ? Buffer.from(value) : value);

/** Without the entries that are undefined. */
function given(entries: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

const end = (value: Bytes | undefined) => (value === undefined ? undefined : bytes(value));

export const rangeRequest = ({ key, rangeEnd, ...rest }: RangeOptions) =>
  given({ key: bytes(key), rangeEnd: end(rangeEnd), ...rest });
export const putRequest = ({ key, value, lease }: PutOptions) => given({ key: bytes(key), value: bytes(value), lease });
export const deleteRequest = ({ key, rangeEnd }: DeleteOptions) => given({ key: bytes(key), rangeEnd: end(rangeEnd) });

const TARGETS = { version: 'VERSION', createRevision: 'CREATE', modRevision: 'MOD', value: 'VALUE', lease: 'LEASE' };
const RESULTS = { equal: 'EQUAL', greater: 'GREATER', less: 'LESS', 'not-equal': 'NOT_EQUAL' };

function compareRequest({ key, rangeEnd, target, is, to }: Compare) {
  return given({
    key: bytes(key),
    rangeEnd: end(rangeEnd),
    target: TARGETS[target],
    result: RESULTS[is],
    [target]: target === 'value' && typeof to !== 'number' ? bytes(to) : to,
  });
}

function operationRequest(operation: Operation) {
  if ('put' in operation) return { requestPut: putRequest(operation.put) };
  if ('range' in operation) return { requestRange: rangeRequest(operation.range) };
  return { requestDeleteRange: deleteRequest(operation.delete) };
}

export const transactionRequest = ({ compare = [], success, failure = [] }: Transaction) => ({
  compare: compare.map(compareRequest),
  success: success.map(operationRequest),
  failure: failure.map(operationRequest),
});

// As the codec gives it: 64-bit numbers are decimal strings.
interface WireHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: string;
  readonly raftTerm: string;
}
export interface WireAnswer {
  readonly header: WireHeader | null;
}
export interface WireKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly version: string;
  readonly lease: string;
}

export function header({ header: sent }: WireAnswer): Header {
  return {
    clusterId: sent?.clusterId ?? '0',
    memberId: sent?.memberId ?? '0',
    revision: Number(sent?.revision ?? 0),
    raftTerm: Number(sent?.raftTerm ?? 0),
  };
}

export const keyValue = (kv: WireKeyValue): KeyValue => ({
  key: kv.key,
  value: kv.value,
  createRevision: Number(kv.createRevision),
  modRevision: Number(kv.modRevision),
  version: Number(kv.version),
  lease: kv.lease,
});

interface WireRange extends WireAnswer {
  readonly kvs: readonly WireKeyValue[];
  readonly more: boolean;
  readonly count: string;
}
const rangeBody = ({ kvs, more, count }: WireRange) => ({ kvs: kvs.map(keyValue), more, count: Number(count) });
export const rangeAnswer = (answer: object): RangeAnswer => ({
  ...header(answer as WireRange),
  ...rangeBody(answer as WireRange),
});

interface WireOperation {
  readonly responseRange?: WireRange | null;
  readonly responseDeleteRange?: { readonly deleted: string } | null;
}
function operationAnswer({ responseRange, responseDeleteRange }: WireOperation): OperationAnswer {
  if (responseRange) return { range: rangeBody(responseRange) };
  if (responseDeleteRange) return { delete: { deleted: Number(responseDeleteRange.deleted) } };
  return { put: true };
}
export function transactionAnswer(answer: object): TransactionAnswer {
  const sent = answer as WireAnswer & { succeeded: boolean; responses: readonly WireOperation[] };
  return { ...header(sent), succeeded: sent.succeeded, answers: sent.responses.map(operationAnswer) };
}

export function memberStatus(answer: object): MemberStatus {
  const sent = answer as WireAnswer &
    Record<keyof Omit<MemberStatus, keyof Header | 'isLearner' | 'errors'>, string> &
    Pick<MemberStatus, 'isLearner' | 'errors'>;
  return {
    ...header(sent),
    version: sent.version,
    leader: sent.leader,
    raftIndex: Number(sent.raftIndex),
    raftAppliedIndex: Number(sent.raftAppliedIndex),
    isLearner: sent.isLearner,
    dbSize: Number(sent.dbSize),
    dbSizeInUse: Number(sent.dbSizeInUse),
    dbSizeQuota: Number(sent.dbSizeQuota),
    errors: sent.errors,
  };
}

interface WireMember {
  readonly ID: string;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}
export const member = (sent: WireMember): Member => ({
  id: sent.ID,
  name: sent.name,
  peerUrls: sent.peerURLs,
  clientUrls: sent.clientURLs,
  isLearner: sent.isLearner,
});
export const members = (answer: object): Member[] => (answer as { members: WireMember[] }).members.map(member);
export const addedMember = (answer: object): Member => member((answer as { member: WireMember }).member);

export function alarms(answer: object): Alarm[] {
  const sent = answer as { alarms: { memberID: string; alarm: 'NONE' | 'NOSPACE' | 'CORRUPT' }[] };
  return sent.alarms.flatMap(({ memberID, alarm }) => (alarm === 'NONE' ? [] : [{ memberId: memberID, alarm }]));
}
