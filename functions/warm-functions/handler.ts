import { LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { stepHandler } from '../common/lambda/step.ts';
import { warmFunctions } from './warm.ts';

const lambda = new LambdaClient({});

export const handler = stepHandler(z.object({ functions: z.array(z.string()).min(1) }), ({ functions }) =>
  warmFunctions(lambda, functions),
);
