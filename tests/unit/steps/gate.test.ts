/** The gate before a role's process, in a real shell: only the lookup is a stand-in, which finds the name once a file is there. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { heldUntilFound } from '../../../functions/launch-services/gate.ts';

const HOST = 'metadata.demo.redkite.internal';
/** Shows its own process id and what it was given. */
const ROLE = ['sh', '-c', 'echo "$$ $*"', 'role', 'run', 'two words'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gate-'));
  symlinkSync('/bin/sh', join(folder, 'sh'));
  symlinkSync('/bin/sleep', join(folder, 'sleep'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const opened = () => join(folder, 'opened');
/** It finds nothing for who would wait for a lost packet as long as glibc does by itself. */
const withLookup = () => {
  const asked = `[ "$*" = "ahostsv4 ${HOST}" ] && [ "$RES_OPTIONS" = "timeout:1 attempts:5" ]`;
  const script = `#!/bin/sh\n${asked} && [ -e ${opened()} ]\n`;
  writeFileSync(join(folder, 'getent'), script, { mode: 0o755 });
};

function start() {
  const [shell = '', ...given] = heldUntilFound(HOST, ROLE);
  const child = spawn(shell, given, { env: { PATH: folder } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, output: () => output };
}

async function said(gate: { readonly output: () => string }, text: string): Promise<void> {
  while (!gate.output().includes(text)) await pause(10);
}

test('a role whose metadata can be found becomes the process at once', async () => {
  withLookup();
  writeFileSync(opened(), '');
  const gate = start();
  expect(await gate.ended).toBe(0);
  expect(gate.output()).toBe(`${gate.child.pid} run two words\n`);
});

test('one whose metadata cannot be found says so, is held, and goes on when it can', async () => {
  withLookup();
  const gate = start();
  await said(gate, `held until ${HOST} can be found`);
  await pause(300);
  expect(gate.output()).not.toContain('run');
  writeFileSync(opened(), '');
  expect(await gate.ended).toBe(0);
  expect(gate.output()).toContain(`${gate.child.pid} run two words\n`);
});

test('one that is held ends when it is asked to', async () => {
  withLookup();
  const gate = start();
  await said(gate, 'held');
  gate.child.kill('SIGTERM');
  expect(await gate.ended).toBe(143);
  expect(gate.output()).not.toContain('run');
});

test('an image that cannot look up names holds nothing', async () => {
  const gate = start();
  expect(await gate.ended).toBe(0);
  expect(gate.output()).toBe(`${gate.child.pid} run two words\n`);
});
