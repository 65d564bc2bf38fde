/**
 * `npm test`: all kinds of tests, in the order of what they need running; `npm test <suite>` runs one. Each suite is a
 * test runner of its own; here they are started, counted and closed with one line.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { chaos, type ChaosInput } from './chaos.ts';
import { ensureProbeImage } from './images/images.ts';
import { removeRuntime, startContainerService } from './runtime/podman.ts';
import { ensurePython } from './setup/python.ts';
import { ensureSystemPackages } from './setup/system-packages.ts';
import { localSettings, releaseSlot, type LocalSettings } from './settings.ts';
import { say, tally, type Counts } from './report.ts';

/** What a suite may be asked for beside its name: the chaos tests take the first two, those of naps and of faults `only` and `share`. */
type Options = Pick<ChaosInput, 'times' | 'only'> & {
  /** `i/n`: of the tests that harm calls the i-th of n parts, instead of a few of them (those of the machines take it too). */
  readonly share: string | undefined;
};
type Suite = (settings: LocalSettings, options: Options) => Promise<Counts>;

const NO_OPTIONS: Options = { times: 1, only: undefined, share: undefined };

/** Counts a suite whose runner could not even say what it ran. */
const BROKEN: Counts = { passed: 0, failed: 1 };

const jest =
  (project: string, ...options: string[]): Suite =>
  (settings, { share }) =>
    runJest(settings, project, options, { share });

async function runJest(
  settings: LocalSettings,
  project: string,
  options: readonly string[],
  { share, only }: Partial<Pick<Options, 'share' | 'only'>> = {},
): Promise<Counts> {
  const report = reportFile(settings, `${project}.json`);
  await execa('jest', ['--selectProjects', project, '--json', `--outputFile=${report}`, ...options], {
    cwd: settings.root,
    reject: false,
    // The report goes to the file; what people read comes on stderr.
    stdout: 'ignore',
    stderr: 'inherit',
    env: {
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      REDKITE_PYTHON: await ensurePython(settings, say),
      ...(share === undefined ? {} : { REDKITE_FAULTS: share }),
      ...(only === undefined ? {} : { REDKITE_FAULTS_ONLY: only }),
    },
  });
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numRuntimeErrorTestSuites: number;
    };
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    return BROKEN;
  }
}

/** The gaps of the emulator, each with its test, in the emulator's own language. */
const pytest =
  (name: string, marker: string, env: Readonly<Record<string, string>> = {}): Suite =>
  async (settings) => {
    const report = reportFile(settings, `${name}.xml`);
    const python = await ensurePython(settings, say);
    await execa(python, ['-m', 'pytest', '-q', '-m', marker, `--junitxml=${report}`, 'local/emulator/tests'], {
      cwd: settings.root,
      reject: false,
      stdout: process.stderr,
      stderr: 'inherit',
      env,
    });
    try {
      const numbers = /<testsuite [^>]*errors="(\d+)" failures="(\d+)" skipped="\d+" tests="(\d+)"/.exec(
        readFileSync(report, 'utf8'),
      );
      const [, errors, failures, tests] = (numbers ?? []).map(Number);
      if (errors === undefined || failures === undefined || tests === undefined) return BROKEN;
      return { passed: tests - errors - failures, failed: errors + failures };
    } catch {
      return BROKEN;
    }
  };

/**
 * Those of the gaps whose tasks must be containers. On a container service and a network of their own, as if of another copy: the
 * emulator that they start knows nothing of the tasks of this copy's own, and would give out their addresses again.
 */
const containers: Suite = async (settings) => {
  await ensureSystemPackages(say);
  const image = await ensureProbeImage(settings, say);
  const apart = localSettings(join(settings.stateDir, 'containers-suite'));
  try {
    const suite = pytest('containers', 'docker', {
      DOCKER_HOST: await startContainerService(apart),
      REDKITE_NETWORK: apart.network.name,
      REDKITE_GATEWAY_ADDRESS: apart.network.gateway,
      REDKITE_PROBE_IMAGE: image,
    });
    return await suite(settings, NO_OPTIONS);
  } finally {
    await removeRuntime(apart);
    releaseSlot(apart);
    rmSync(apart.root, { recursive: true, force: true });
  }
};

/**
 * A file after the other, that of the shifted clock last: what it leaves has lived in the future. `--only <part of a path>` runs
 * some of it.
 */
async function naps(settings: LocalSettings, { only, share }: Options): Promise<Counts> {
  const files = ['requests', 'kills', 'faults', 'long-nap'].filter(
    (name) => only === undefined || `tests/naps/${name}`.includes(only),
  );
  const total = { passed: 0, failed: 0 };
  for (const name of files) {
    const pattern = ['--runInBand', '--testPathPatterns', `naps/${name}`];
    const { passed, failed } = await runJest(settings, 'naps', pattern, { share });
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

const CHAOS_TEST_MS = 5 * 60_000;

const chaosTests =
  (form: ChaosInput['form']): Suite =>
  (settings, options) =>
    chaos(settings, { ...options, form }, (pattern, atOnce) =>
      runJest(settings, 'chaos', [
        ...['--testPathPatterns', pattern, '--maxWorkers', String(atOnce), '--maxConcurrency', '5'],
        // A bound for what hangs: several clusters share the machine.
        ...['--testTimeout', String(CHAOS_TEST_MS)],
      ]),
    );

/** What of the state machines' tests is a suite of its own. */
const FAULTS = 'statemachines/faults';

/** `--only <part of a case's name>`, as a run has told it: what failed once can be run again by itself. */
const faults: Suite = (settings, { share, only }) =>
  runJest(settings, 'statemachines', ['--runInBand', '--testPathPatterns', FAULTS], { share, only });

const SUITES: Readonly<Record<string, Suite>> = {
  unit: jest('unit'),
  emulator: pytest('emulator', 'not docker'),
  containers,
  statemachines: jest('statemachines', '--runInBand', '--testPathIgnorePatterns', FAULTS),
  integration: jest('integration', '--runInBand', '--passWithNoTests'),
  e2e: jest('e2e', '--runInBand', '--passWithNoTests'),
  chaos: chaosTests('short'),
};

/** Long, and on purpose not among the others: the quorum of a whole Milvus cluster is harmed too, in every way there is. */
const LONG_SUITES: Readonly<Record<string, Suite>> = {
  'all-chaos': chaosTests('long'),
  /** On a stack of its own, that is deployed again and again with another etcd. */
  upgrade: jest('upgrade', '--runInBand'),
  naps,
  /** Hundreds of cases; not among the others as long as one of them does not end as it should (docs/roadmap.md). */
  faults,
};
const MOST_TIMES = 1_000;

/** `names` of suites, and for some of them `--times <n>`, `--only <part of a path, or of a case's name>` and `--share <i>/<n>`. */
export async function test(settings: LocalSettings, args: readonly string[]): Promise<boolean> {
  const { values, positionals: names } = parseArgs({
    args: [...args],
    options: { times: { type: 'string' }, only: { type: 'string' }, share: { type: 'string' } },
    allowPositionals: true,
  });
  const times = Number(values.times ?? 1);
  if (!(Number.isInteger(times) && times >= 1 && times <= MOST_TIMES)) {
    throw new Error(`--times must be a whole number from 1 to ${MOST_TIMES}, not "${values.times ?? ''}".`);
  }
  const all = { ...SUITES, ...LONG_SUITES };
  const unknown = names.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) {
    throw new Error(`There is no suite ${unknown}; there are ${Object.keys(all).join(', ')}.`);
  }
  const chosen = Object.entries(names.length === 0 ? SUITES : all).filter(
    ([name]) => names.length === 0 || names.includes(name),
  );
  let passed = 0;
  let failed = 0;
  for (const [name, suite] of chosen) {
    say(`\n=== ${name} tests`);
    const counts = await suite(settings, { times, only: values.only, share: values.share });
    say(`${name}: ${counts.passed} passed, ${counts.failed} failed`);
    passed += counts.passed;
    failed += counts.failed;
  }
  return tally({ passed, failed });
}

function reportFile(settings: LocalSettings, name: string): string {
  const folder = join(settings.stateDir, 'reports');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  rmSync(file, { force: true });
  return file;
}
