import { SFNClient } from '@aws-sdk/client-sfn';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { startRequested, streamRecordsSchema } from './start.ts';
import { VERBS } from './verbs.ts';

const machines = new Map(Object.values(VERBS).map(({ machine }) => [machine, requiredEnv(machine)]));
const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  machineArn: (variable: string) => machines.get(variable) ?? requiredEnv(variable),
};

export const handler = stepHandler(streamRecordsSchema, (batch) => startRequested(deps, batch));
