import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEntry, readEntry, sha256, type Shelf } from '../../../../local/stack/package/cache.ts';

let root: string;
let shelf: Shelf;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redkite-cache-'));
  shelf = { folder: join(root, 'things'), keep: 2 };
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const made = (content: string) => () => Promise.resolve(new Map([['a.zip', content]]));
const never = () => Promise.reject(new Error('made again'));
const contentOf = (entry: Awaited<ReturnType<typeof ensureEntry>>) => entry.get('a.zip')?.content.toString();

test('what was made is found again, with the hash of each file', async () => {
  await ensureEntry(shelf, 'key', made('one'));
  const entry = await ensureEntry(shelf, 'key', never);
  expect(contentOf(entry)).toBe('one');
  expect(entry.get('a.zip')?.sha256).toBe(sha256('one'));
});

test('another key is another entry', async () => {
  await ensureEntry(shelf, 'key', made('one'));
  expect(contentOf(await ensureEntry(shelf, 'other', made('two')))).toBe('two');
  expect(contentOf(await ensureEntry(shelf, 'key', never))).toBe('one');
});

test.each<[string, (folder: string) => void]>([
  [
    'cut short',
    (folder) => {
      truncateSync(join(folder, 'a.zip'), 1);
    },
  ],
  [
    'changed',
    (folder) => {
      writeFileSync(join(folder, 'a.zip'), 'One');
    },
  ],
  [
    'missing',
    (folder) => {
      rmSync(join(folder, 'a.zip'));
    },
  ],
  [
    'not named',
    (folder) => {
      rmSync(join(folder, 'manifest.json'));
    },
  ],
  [
    'named by half a manifest',
    (folder) => {
      truncateSync(join(folder, 'manifest.json'), 9);
    },
  ],
])('an entry whose file is %s is not used but made again', async (_, damage) => {
  await ensureEntry(shelf, 'key', made('one'));
  damage(join(shelf.folder, 'key'));
  expect(readEntry(join(shelf.folder, 'key'))).toBeUndefined();
  expect(contentOf(await ensureEntry(shelf, 'key', made('again')))).toBe('again');
  expect(contentOf(await ensureEntry(shelf, 'key', never))).toBe('again');
});

test('who fails leaves nothing that is taken for an entry, and who died half way neither', async () => {
  await expect(ensureEntry(shelf, 'key', never)).rejects.toThrow('made again');
  mkdirSync(join(shelf.folder, 'key.new'), { recursive: true });
  writeFileSync(join(shelf.folder, 'key.new', 'a.zip'), 'half');
  mkdirSync(join(shelf.folder, 'dead.new'));
  expect(contentOf(await ensureEntry(shelf, 'key', made('whole')))).toBe('whole');
  expect(readdirSync(shelf.folder)).toEqual(['key']);
});

test('of two who want the same at once, one makes it', async () => {
  let makers = 0;
  const make = async () => {
    makers += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return new Map([['a.zip', 'one']]);
  };
  const entries = await Promise.all([1, 2, 3].map(() => ensureEntry(shelf, 'key', make)));
  expect(entries.map(contentOf)).toEqual(['one', 'one', 'one']);
  expect(makers).toBe(1);
});

test('the entries used last stay', async () => {
  const used = (key: string, second: number) => {
    utimesSync(join(shelf.folder, key), second, second);
  };
  await ensureEntry(shelf, 'a', made('a'));
  used('a', 1);
  await ensureEntry(shelf, 'b', made('b'));
  used('b', 2);
  await ensureEntry(shelf, 'a', never);
  await ensureEntry(shelf, 'c', made('c'));
  expect(readdirSync(shelf.folder).toSorted()).toEqual(['a', 'c']);
  expect(readFileSync(join(shelf.folder, 'a', 'a.zip'), 'utf8')).toBe('a');
});
