import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { announcePhases, streamSchema } from './announce.ts';

const deps = { events: new EventBridgeClient({}), source: `redkite.${requiredEnv('STAGE')}` };

export const handler = stepHandler(streamSchema, ({ Records }) => announcePhases(deps, Records));
