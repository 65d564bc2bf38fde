import { Logger } from '@aws-lambda-powertools/logger';

/** One JSON line an entry; `event` holds an id of LOG_EVENTS. Task tokens and secrets never go in. */
export const logger = new Logger({ serviceName: 'redkite' });
