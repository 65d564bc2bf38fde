import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { filesBelow, fingerprint } from '../../../../local/stack/package/sources.ts';

const PATHS = ['serverless.yml', 'functions', 'statemachines'];
let root: string;

const write = (file: string, content: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
};
const now = (others: unknown = {}) => fingerprint(root, PATHS, others);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redkite-sources-'));
  write('serverless.yml', 'service: a');
  write('functions/b/handler.ts', 'b');
  write('functions/a/deep/part.ts', 'a');
  write('statemachines/c.asl.json', '{}');
  write('docs/ignored.md', '');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('all files of all folders, in an order that the disk does not decide', () => {
  expect(filesBelow(root, PATHS)).toEqual([
    'serverless.yml',
    'functions/a/deep/part.ts',
    'functions/b/handler.ts',
    'statemachines/c.asl.json',
  ]);
});

test('the same files elsewhere are the same', () => {
  const before = now();
  const elsewhere = `${root}-moved`;
  renameSync(root, elsewhere);
  expect(fingerprint(elsewhere, PATHS, {})).toBe(before);
  renameSync(elsewhere, root);
});

test.each<[string, () => void]>([
  [
    'a function is changed',
    () => {
      write('functions/a/deep/part.ts', 'A');
    },
  ],
  [
    'a state machine is changed',
    () => {
      write('statemachines/c.asl.json', '{ }');
    },
  ],
  [
    'the template is changed',
    () => {
      write('serverless.yml', 'service: b');
    },
  ],
  [
    'a file is added',
    () => {
      write('functions/a/more.ts', '');
    },
  ],
  [
    'a file is taken away',
    () => {
      rmSync(join(root, 'functions/a/deep/part.ts'));
    },
  ],
  [
    'a file is renamed',
    () => {
      renameSync(join(root, 'functions/b/handler.ts'), join(root, 'functions/b/handle.ts'));
    },
  ],
  [
    'two files swap their contents',
    () => {
      write('functions/b/handler.ts', 'a');
      write('functions/a/deep/part.ts', 'b');
    },
  ],
])('it is another when %s', (_, change) => {
  const before = now();
  change();
  expect(now()).not.toBe(before);
});

test('it is another when something beside the files is, and the same when a file is changed that is not named', () => {
  const before = now({ image: 'a' });
  expect(now({ image: 'b' })).not.toBe(before);
  write('docs/ignored.md', 'changed');
  expect(now({ image: 'a' })).toBe(before);
});
