/** What the functions that start or show executions stand on, from their environment. */
import { SFNClient } from '@aws-sdk/client-sfn';
import { requiredEnv } from '../lambda/environment.ts';
import { API_CLIENT } from './clients.ts';
import type { Executions } from './execution.ts';

export function connectExecutions(): Executions {
  return { sfn: new SFNClient(API_CLIENT), machines: requiredEnv('MACHINES').split(',') };
}
