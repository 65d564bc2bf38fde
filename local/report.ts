/** What commands say on the terminal: talk on stderr, results on stdout. */
export function say(line: string): void {
  console.error(line);
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The closing line of everything that counts; true when nothing failed and something passed. */
export function tally({ passed, failed }: Counts): boolean {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}
