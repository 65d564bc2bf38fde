/** Tables in documents are made from the code; one that is not what the code says fails here and in `npm run check`. */
import { join } from 'node:path';
import { staleDocuments } from '../../../local/tables.ts';
import { formatNumber, replaceBlock, table } from '../../../local/tables/markdown.ts';

const root = join(import.meta.dirname, '../../..');
const place = (name: string, content: string) =>
  `before\n<!-- made by \`npm run tables\`: ${name} -->${content}<!-- end -->\nafter`;

test('every table in the documents is what the code says', async () => {
  expect([...(await staleDocuments(root)).keys()]).toEqual([]);
});

test('a block is replaced by its name, and what stands around it stays', () => {
  const document = `${place('one', '\n\nold\n\n')}\n${place('two', '\n\nold\n\n')}`;
  expect(replaceBlock(document, 'two', 'new')).toBe(`${place('one', '\n\nold\n\n')}\n${place('two', '\n\nnew\n\n')}`);
});

test('a document without a place for a table is no document for it', () => {
  expect(() => replaceBlock('nothing', 'one', 'new')).toThrow('one');
  expect(() => replaceBlock(place('one', '').replace('<!-- end -->', ''), 'one', 'new')).toThrow('<!-- end -->');
});

test('numbers as people read them', () => {
  expect(table(['a'], [[1_234.56], ['x']])).toBe('| a |\n| --- |\n| 1,234.6 |\n| x |');
  expect(formatNumber(45_000)).toBe('45,000');
});
