/** The event that only makes a function's sandbox start; every step answers it without doing anything. */
export const WARM_UP = { redkite: 'warm-up' } as const;

export function isWarmUp(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'redkite' in event && event.redkite === WARM_UP.redkite;
}
