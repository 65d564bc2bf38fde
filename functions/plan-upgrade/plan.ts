/**
 * Inside the VPC: asks the members which etcd they are, and says whether they may be replaced by what the deployment has now.
 * Nothing is changed.
 */
import type { AskedMember } from '../common/quorum/members.ts';
import type { QuorumTasks } from '../common/quorum/observation.ts';
import { decideUpgrade, type UpgradePlan } from '../common/quorum/upgrade.ts';

export async function planUpgrade(
  ask: () => Promise<AskedMember[]>,
  observed: QuorumTasks,
  deployed: string,
): Promise<UpgradePlan> {
  const versions = new Map(
    (await ask()).flatMap((member) => ('answer' in member ? [[member.address, member.answer.status.version]] : [])),
  );
  return decideUpgrade({
    size: observed.peerUrls.length,
    deployed,
    members: observed.tasks
      .filter(({ state }) => state !== 'stopping')
      .map(({ ordinal, image, address, taskId }) => ({
        ordinal,
        image,
        version: address === undefined ? undefined : versions.get(address),
        outdated: observed.retire.includes(taskId),
      })),
  });
}
