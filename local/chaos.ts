/**
 * The chaos tests: one local AWS for all of their files, which harm clusters of their own side by side. `npm test` runs the
 * short form; `npm run test:chaos` runs everything, and with `-- --times 10` again and again on the same stack.
 */
import { down } from './down.ts';
import { say, type Counts } from './report.ts';
import type { LocalSettings } from './settings.ts';
import { bringUpStack } from './up.ts';

export interface ChaosInput {
  /** `short`: what tests/chaos/short holds. */
  readonly form: 'short' | 'long';
  readonly times: number;
  /** Only files whose path has this in it. */
  readonly only: string | undefined;
}

/** Runs the tests of these paths (a pattern), so many files at a time. */
export type RunTests = (pattern: string, atOnce: number) => Promise<Counts>;

/**
 * They wait more than they compute, and each has its own cluster; some of them may be waiting for their turn with `demo`. More
 * would only make each of them slower.
 */
const FILES_AT_ONCE = 6;

/** Idle functions of so many clusters took more memory (a hundred MB each, for five minutes) than everything else together. */
const WARM_SECONDS = '60';

export async function chaos(
  settings: LocalSettings,
  { form, times, only }: ChaosInput,
  run: RunTests,
): Promise<Counts> {
  let passed = 0;
  let failed = 0;
  // What another command left running may be of another version.
  await down(settings);
  try {
    await bringUpStack(settings, { LAMBDA_WARM_TTL_SECONDS: WARM_SECONDS });
    for (let pass = 1; pass <= times; pass += 1) {
      const started = performance.now();
      const counts = await run(only ?? (form === 'short' ? 'tests/chaos/short/' : 'tests/chaos/'), FILES_AT_ONCE);
      passed += counts.passed;
      failed += counts.failed;
      const seconds = Math.round((performance.now() - started) / 1_000);
      say(`pass ${pass} of ${times}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
    }
  } finally {
    // For taking a closer look afterwards.
    if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
  }
  return { passed, failed };
}
