import { applyRules, type RulesDeps } from '../common/aws/rules.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { reachPoint } from '../common/registry/nap.ts';
import { wishRulesClosed } from '../common/registry/rules-wish.ts';

export async function divertRequests(
  deps: RulesDeps,
  operation: Ownership,
): Promise<{ readonly outcome: 'reached' | 'wake-wanted' }> {
  // First: who finds a rule closed must find that it can be opened again.
  const outcome = await reachPoint(deps.registry, operation, { point: 'diverted' }, true);
  if (outcome === 'wake-wanted') return { outcome };
  await wishRulesClosed(deps.registry, operation, 'falling-asleep');
  await applyRules(deps, operation.cluster);
  return { outcome };
}
