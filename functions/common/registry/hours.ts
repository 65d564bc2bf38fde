/**
 * How long a cluster was in which phase: an item a month, of sums, in a partition of its own, because the cluster's is read every
 * minute. A change of phase costs one write unit.
 *
 * `through` is the end of the last stay that is in the sums. Stays of a cluster come in their order (one shard of the stream), so
 * one that begins before it has been added already: what is delivered twice counts once.
 */
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PHASES, type Phase } from '../cluster/phases.ts';
import { splitByMonth, type MonthSums, type PhaseStay } from '../cost/hours.ts';
import { isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

const KEPT_SECONDS = 400 * 24 * 3_600;
const key = (cluster: string, month: string) => ({ pk: `hours#${cluster}`, sk: month });
/** Attributes beside each other: DynamoDB adds to what is not there yet only at the top of an item. */
const secondsOf = (phase: Phase) => `seconds#${phase}`;
const timesOf = (phase: Phase) => `times#${phase}`;

export async function addStay(
  { client, table }: RegistryTable,
  cluster: string,
  stay: PhaseStay,
): Promise<'added' | 'known'> {
  let added = false;
  for (const { month, from, to, seconds, last } of splitByMonth(stay)) {
    added =
      (await isAccepted(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: key(cluster, month),
            UpdateExpression: `ADD #seconds :seconds${last ? ', #times :one' : ''} SET #through = :to, #expiresAt = :expiresAt`,
            ConditionExpression: 'attribute_not_exists(#through) OR #through <= :from',
            ExpressionAttributeNames: {
              '#seconds': secondsOf(stay.phase),
              '#through': 'through',
              '#expiresAt': 'expiresAt',
              ...(last ? { '#times': timesOf(stay.phase) } : {}),
            },
            ExpressionAttributeValues: {
              ':seconds': seconds,
              ':from': from,
              ':to': to,
              ':expiresAt': Math.floor(Date.parse(to) / 1_000) + KEPT_SECONDS,
              ...(last ? { ':one': 1 } : {}),
            },
          }),
        ),
      )) || added;
  }
  return added ? 'added' : 'known';
}

/** Undefined where nothing is kept of that month. */
export async function getMonthSums(
  { client, table }: RegistryTable,
  cluster: string,
  month: string,
): Promise<MonthSums | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: key(cluster, month) }));
  if (Item === undefined) return undefined;
  const read = (nameOf: (phase: Phase) => string) =>
    Object.fromEntries(
      PHASES.flatMap((phase) => {
        const value: unknown = Item[nameOf(phase)];
        return typeof value === 'number' ? [[phase, value]] : [];
      }),
    );
  return { seconds: read(secondsOf), times: read(timesOf) };
}
