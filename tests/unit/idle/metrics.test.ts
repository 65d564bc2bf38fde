import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseMetrics } from '../../../functions/common/idle/metrics.ts';

const parse = (text: string, ...names: string[]) => parseMetrics(text, new Set(names));
const page = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/metrics', name), 'utf8');

test.each([
  ['a name alone', 'up 1', { name: 'up', labels: {}, value: 1 }],
  ['no labels in braces', 'up{} 1', { name: 'up', labels: {}, value: 1 }],
  ['labels', 'up{a="1",b="two"} 3', { name: 'up', labels: { a: '1', b: 'two' }, value: 3 }],
  ['a comma at the end', 'up{a="1",} 3', { name: 'up', labels: { a: '1' }, value: 3 }],
  ['escapes', String.raw`up{a="x\"y\\z\n}"} 3`, { name: 'up', labels: { a: 'x"y\\z\n}' }, value: 3 }],
  ['a brace and a space in a label', 'up{a="} 7 "} 3', { name: 'up', labels: { a: '} 7 ' }, value: 3 }],
  ['an exponent', 'up 1.79556969741e+09', { name: 'up', labels: {}, value: 1795569697.41 }],
  ['a time', 'up{a="1"} 3 1700000000000', { name: 'up', labels: { a: '1' }, value: 3 }],
  ['infinity', 'up +Inf', { name: 'up', labels: {}, value: Infinity }],
])('%s', (_, line, sample) => {
  expect(parse(`# HELP up help\n# TYPE up counter\n${line}\nup_total 9\n`, 'up')).toEqual([sample]);
});

test.each(['up', 'up{a="1" 3', 'up{a=1} 3', 'up{a="1"} three', 'up{a="1}', 'up{"a"="1"} 3'])(
  'what is no metric is an error: %s',
  (line) => {
    expect(() => parse(line, 'up')).toThrow(SyntaxError);
    // Of a metric that nobody reads it is none.
    expect(parse(line, 'other')).toEqual([]);
  },
);

test('a page of Milvus 2.3.5', () => {
  const samples = parse(page('proxy.txt'), 'milvus_proxy_req_count', 'process_start_time_seconds');
  expect(samples).toContainEqual({
    name: 'milvus_proxy_req_count',
    labels: { function_name: 'DescribeIndex', node_id: '7', status: 'total' },
    value: expect.any(Number) as number,
  });
  expect(samples.filter(({ name }) => name === 'process_start_time_seconds')).toHaveLength(1);
});

test.each(['\u2028', '\u2029', '\r', '\\\u2028'])('a label may hold what ends a line elsewhere', (character) => {
  const written = character.replaceAll('\\', '\\\\');
  expect(parse(`up{a="${written}"} 0`, 'up')).toEqual([{ name: 'up', labels: { a: character }, value: 0 }]);
});

test('whatever is written as a label is read as it was', () => {
  const escape = (text: string) =>
    text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', String.raw`\"`)
      .replaceAll('\n', String.raw`\n`);
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
      fc.integer(),
      (labels, value) => {
        const text = Object.entries(labels).map(([name, label]) => `${name}="${escape(label)}"`);
        expect(parse(`up{${text.join(',')}} ${value}`, 'up')).toEqual([{ name: 'up', labels, value }]);
      },
    ),
  );
});
