/** One project a kind of test: they differ in what they need running and in how long one test may take. */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  transformIgnorePatterns: [],
  modulePathIgnorePatterns: ['<rootDir>/.redkite/', '<rootDir>/.serverless/', '<rootDir>/.esbuild/'],
};
const project = (name) => ({ ...base, displayName: name, testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`] });

// Everything but the unit tests waits for real processes.
const TIMEOUT_MS = 120_000;

export default {
  testTimeout: TIMEOUT_MS,
  /**
   * Jest never gives the memory of a finished file back (its ES modules live in contexts that stay). Workers of a gigabyte each
   * took longer to end than the half second after which jest calls them leaking, although nothing of theirs was open any more:
   * a worker above this is replaced between two files.
   */
  workerIdleMemoryLimit: '400MB',
  projects: ['unit', 'statemachines', 'integration', 'e2e', 'chaos', 'upgrade', 'naps'].map(project),
};
