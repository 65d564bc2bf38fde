import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { requiredEnv } from '../common/lambda/environment.ts';
import { publishOfPhase } from '../common/lambda/metrics.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { announcePhases, streamSchema, type StreamRecord } from './announce.ts';
import { keepStay } from './stay.ts';

const registry = connectRegistry();
const deps = {
  events: new EventBridgeClient({}),
  source: `redkite.${requiredEnv('STAGE')}`,
  keepStay: (record: StreamRecord) => keepStay(registry, record),
  publish: publishOfPhase,
};

export const handler = stepHandler(streamSchema, ({ Records }) => announcePhases(deps, Records));
