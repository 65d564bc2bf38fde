/**
 * Requests: how a function inside the VPC, which cannot reach Step Functions, has an execution started. It writes an item into
 * the cluster's partition; the table's stream brings it to start-requested, outside, which starts the execution and takes the
 * item away.
 *
 * One item for each cluster and verb: a request that is written again takes the place of the one before, and one that changes
 * nothing is not even seen by the stream. Whoever asks decides when it asks again (quorum/vigil.ts); a request that was lost on the
 * way is then simply the first of the next one.
 */
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

/** What can be asked for, with what the execution needs to know beside the cluster and the reason. */
export const REQUESTS = {
  'replace-member': z.object({ memory: z.object({ since: z.record(z.string(), z.number()), seenAt: z.number() }) }),
  'maintain-quorum': z.object({}),
  /** `generation`: of the sleep, one after that of the record. */
  sleep: z.object({ generation: z.int() }),
} as const;

export type RequestVerb = keyof typeof REQUESTS;
export type RequestDetails<Verb extends RequestVerb> = z.infer<(typeof REQUESTS)[Verb]>;

export interface ClusterRequest<Verb extends RequestVerb = RequestVerb> {
  readonly cluster: string;
  readonly verb: Verb;
  readonly reason: string;
  /** ISO 8601; part of the execution's name, so that a request that is delivered twice starts one. */
  readonly requestedAt: string;
  readonly details: RequestDetails<Verb>;
}

/** The filter of the event source mapping names it too (resources/events.yml). */
const PREFIX = 'request#';
/** A request that nobody took has no meaning any more after that. */
const KEPT_SECONDS = 3_600;

const key = ({ cluster, verb }: { cluster: string; verb: string }) => ({ pk: cluster, sk: `${PREFIX}${verb}` });

const itemSchema = z.object({
  pk: z.string(),
  sk: z.string().startsWith(PREFIX),
  value: z.object({ reason: z.string(), requestedAt: z.iso.datetime(), details: z.unknown() }),
});

export type ReadRequest =
  { readonly kind: 'known'; readonly request: ClusterRequest } | { readonly kind: 'unknown'; readonly why: string };

export async function putRequest<Verb extends RequestVerb>(
  { client, table }: RegistryTable,
  { cluster, verb, ...value }: ClusterRequest<Verb>,
): Promise<void> {
  const expiresAt = Math.floor(Date.parse(value.requestedAt) / 1_000) + KEPT_SECONDS;
  await client.send(new PutCommand({ TableName: table, Item: { ...key({ cluster, verb }), value, expiresAt } }));
}

/** Takes a request away that was carried out, unless it has been written anew since. */
export async function deleteRequest(
  { client, table }: RegistryTable,
  request: Pick<ClusterRequest, 'cluster' | 'verb' | 'requestedAt'>,
): Promise<void> {
  await isAccepted(
    client.send(
      new DeleteCommand({
        TableName: table,
        Key: key(request),
        ConditionExpression: '#value.requestedAt = :requestedAt',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':requestedAt': request.requestedAt },
      }),
    ),
  );
}

/** An item as the stream brings it. `unknown`: written by another release, or by hand. */
export function readRequest(item: unknown): ReadRequest {
  const parsed = itemSchema.safeParse(item);
  if (!parsed.success) return { kind: 'unknown', why: z.prettifyError(parsed.error) };
  const { pk: cluster, sk, value } = parsed.data;
  const verb = sk.slice(PREFIX.length);
  if (!isVerb(verb)) return { kind: 'unknown', why: `nobody knows how to ${verb}` };
  const details = REQUESTS[verb].safeParse(value.details);
  if (!details.success) return { kind: 'unknown', why: z.prettifyError(details.error) };
  const { reason, requestedAt } = value;
  return { kind: 'known', request: { cluster, verb, reason, requestedAt, details: details.data } };
}

const isVerb = (verb: string): verb is RequestVerb => Object.hasOwn(REQUESTS, verb);
