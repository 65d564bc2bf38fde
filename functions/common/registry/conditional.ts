/** Every write to the registry is conditional; a condition that does not hold is an answer, not an accident. */
import { hasName } from '../lambda/errors.ts';

/** Sort key of a cluster's record within its partition. */
export const RECORD_KEY = 'record';

/** False when the condition did not hold. */
export async function isAccepted(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (hasName(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}
