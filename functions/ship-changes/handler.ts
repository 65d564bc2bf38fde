import { z } from 'zod';
import { connectEtcd } from '../common/etcd/client.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { shipAll } from './ship.ts';

const TIMEOUT_MS = 10_000;
const deps = {
  registry: connectRegistry(),
  stores: archiveStores(),
  connect: (endpoints: readonly string[]) => connectEtcd(endpoints, { timeoutMs: TIMEOUT_MS }),
  clock: () => new Date(),
};

/** What the schedule sends is of no interest. */
export const handler = stepHandler(z.object({}), () => shipAll(deps));
