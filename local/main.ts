/** The commands of `npm start`, `npm test` and so on (see package.json), once dependencies and Node are there. */
import { localSettings } from './settings.ts';
import { say } from './report.ts';

const [command = '', ...args] = process.argv.slice(2);

/** Loaded on demand: each command needs other packages, and `stop` should not wait for those of `test`. */
const COMMANDS: Readonly<Record<string, () => Promise<boolean>>> = {
  up: async () => (await import('./up.ts')).up(localSettings()),
  down: async () => (await import('./down.ts')).down(localSettings()),
  clean: async () => (await import('./down.ts')).clean(localSettings()),
  status: async () => (await import('./down.ts')).status(localSettings()),
  check: async () => (await import('./check.ts')).check(localSettings()),
  test: async () => (await import('./suites.ts')).test(localSettings(), args),
  bench: async () => (await import('../bench/main.ts')).bench(localSettings(), args),
  tables: async () => (await import('./tables.ts')).tables(localSettings(), args),
  openapi: async () => (await import('./openapi.ts')).openapi(localSettings(), args),
};

const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (run === undefined) {
  say(`redkite: there is no command "${command}". Commands: ${Object.keys(COMMANDS).join(', ')}.`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = (await run()) ? 0 : 1;
  } catch (error) {
    say(`redkite: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env['DEBUG'] !== undefined) console.error(error);
    process.exitCode = 1;
  }
}
