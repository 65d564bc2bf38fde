import { z } from 'zod';
import { stepHandler } from '../common/lambda/step.ts';
import { checkMessaging } from './check.ts';

const TIMEOUT_MS = 5_000;

export const handler = stepHandler(z.object({ brokers: z.array(z.string()).min(1) }), ({ brokers }) =>
  checkMessaging(brokers, TIMEOUT_MS),
);
