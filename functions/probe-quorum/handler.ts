import { z } from 'zod';
import { connectEtcd } from '../common/etcd/client.ts';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { connectMembers, endpointOf } from '../common/quorum/members.ts';
import { decideQuorum, nameHistory, toObservation } from './probe.ts';

const MEMBER_TIMEOUT_MS = 2_000;

export const handler = stepHandler(
  z.object({ groups: z.array(z.object({ addresses: z.array(z.string()) })).min(1) }),
  async ({ groups }) => {
    const addresses = groups.flatMap((group) => group.addresses);
    if (addresses.length === 0) return decideQuorum([], groups.length);
    const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
    const etcd = connectEtcd(addresses.map(endpointOf), { timeoutMs: MEMBER_TIMEOUT_MS });
    const look = async () => nameHistory(decideQuorum((await members.ask()).map(toObservation), groups.length), etcd);
    try {
      return await pollUntil(look, { ...WAITS['probe-quorum'], clock: systemClock });
    } finally {
      etcd.close();
      members.close();
    }
  },
);
