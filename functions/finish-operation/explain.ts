/**
 * From what a state machine caught to words for people. A nested execution wraps its own error as JSON into the cause of
 * States.TaskFailed, once a level; a Lambda wraps `errorMessage`. Pure.
 */
import { errorFacts, isErrorName } from '../common/lambda/errors.ts';

export interface Explanation {
  readonly error: string;
  readonly message: string;
  readonly advice: string;
}

const MAX_MESSAGE = 1_000;

export function explainFailure(error: string, cause: string): Explanation {
  const inner = parseObject(cause);
  const innerError = inner?.['Error'] ?? inner?.['error'];
  if (!isErrorName(error) && typeof innerError === 'string') {
    const innerCause = inner?.['Cause'] ?? inner?.['cause'];
    return explainFailure(innerError, typeof innerCause === 'string' ? innerCause : '');
  }
  const innerMessage = inner?.['errorMessage'];
  const message = typeof innerMessage === 'string' ? innerMessage : cause;
  return {
    error,
    message: (message === '' ? error : message).slice(0, MAX_MESSAGE),
    advice: errorFacts(error).advice,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
