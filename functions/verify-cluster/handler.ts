import { z } from 'zod';
import { RedkiteError } from '../common/lambda/errors.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { parseTaskGroup } from '../common/cluster/names.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { connectMilvus } from './milvus.ts';
import { verifyCluster } from './verify.ts';

const TIMEOUT_MS = 30_000;
const CLIENT_PORT = sharedPort('client');

export const handler = stepHandler(
  z.object({ groups: z.array(z.object({ group: z.string(), addresses: z.array(z.string()) })) }),
  async ({ groups }) => {
    const proxy = groups.find(({ group }) => {
      const part = parseTaskGroup(group);
      return part?.kind === 'role' && part.role === 'proxy';
    })?.addresses[0];
    if (proxy === undefined) throw new RedkiteError('VerificationFailed', 'No proxy has an address.');
    return verifyCluster(await connectMilvus(`${proxy}:${CLIENT_PORT}`, TIMEOUT_MS), {
      ...WAITS['verify-cluster'],
      clock: systemClock,
    });
  },
);
