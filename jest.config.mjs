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
  projects: ['unit', 'statemachines', 'integration', 'e2e', 'chaos', 'upgrade', 'naps'].map(project),
};
