import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { compare, verify, type CompareAnswer, type VerifyAnswer } from './examine.ts';

const stores = archiveStores();
const cluster = clusterNameSchema;

export const handler = stepHandler(
  z.union([
    z.object({ cluster, verify: z.string() }),
    z.object({ cluster, compare: z.object({ from: z.string(), to: z.string() }) }),
  ]),
  (input): Promise<VerifyAnswer | CompareAnswer> =>
    'verify' in input
      ? verify(stores(input.cluster), input.cluster, input.verify, new Date())
      : compare(stores(input.cluster), input.cluster, input.compare, new Date()),
);
