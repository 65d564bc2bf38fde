/** Whether clients are to be let in, in the record of their cluster; aws/rules.ts makes the load balancer follow it. */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Phase } from '../cluster/phases.ts';
import type { Ownership, RulesWish } from '../cluster/record.ts';
import { RedkiteError } from '../lambda/errors.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

/**
 * Throws OwnershipLost when the operation does not own the cluster in this phase (any more), or has opened the rules: each opens
 * them once, at its end, so whatever of it still wants to close them comes late.
 */
export async function wishRulesClosed(
  { client, table }: RegistryTable,
  { cluster, generation }: Ownership,
  phase: Phase,
): Promise<void> {
  const closed: RulesWish = { state: 'closed', generation };
  const accepted = await isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: RECORD_KEY },
        UpdateExpression: 'SET #value.rulesWish = :closed',
        ConditionExpression:
          '#value.generation = :generation AND #value.#phase = :phase AND ' +
          '(attribute_not_exists(#value.rulesWish) OR #value.rulesWish.#state <> :open OR #value.rulesWish.generation <> :generation)',
        ExpressionAttributeNames: { '#value': 'value', '#phase': 'phase', '#state': 'state' },
        ExpressionAttributeValues: {
          ':closed': closed,
          ':open': 'open' satisfies RulesWish['state'],
          ':generation': generation,
          ':phase': phase,
        },
      }),
    ),
  );
  if (accepted) return;
  throw new RedkiteError(
    'OwnershipLost',
    `Operation ${generation} of cluster ${cluster} may not close its rules: it is over, or has opened them.`,
  );
}
