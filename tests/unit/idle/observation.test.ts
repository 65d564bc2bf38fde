import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACTIVITY_SOURCES,
  countsAsActivity,
  type ActivitySource,
} from '../../../functions/common/idle/activity-table.ts';
import { countedInFlight, readCounters } from '../../../functions/common/idle/observation.ts';
import { readIndexBuilds } from '../../../functions/common/idle/observe.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/metrics', name), 'utf8');
const source = (role: string): ActivitySource => {
  const found = ACTIVITY_SOURCES.find((candidate) => candidate.role === role);
  if (found === undefined) throw new Error(role);
  return found;
};
const proxy = source('proxy');
const counter = (functionName: string, status: string, value: number) =>
  `milvus_proxy_req_count{function_name="${functionName}",node_id="7",status="${status}"} ${value}\n`;
const start = 'process_start_time_seconds 1.7e+09\n';

test('a proxy that was asked everything that Milvus 2.3.5 can be asked', () => {
  const seen = readCounters('proxy@10.0.0.5', proxy, page('proxy.txt'));
  expect(Object.keys(seen.counted)).toEqual(expect.arrayContaining(['Search', 'Query', 'Insert', 'Upsert', 'Delete']));
  expect(Object.keys(seen.counted)).not.toEqual(expect.arrayContaining(['DescribeCollection']));
  expect(Object.keys(seen.counted)).not.toEqual(expect.arrayContaining(['GetLoadingProgress']));
  // All of it was answered; CreateResourceGroup was refused, which Milvus counts as an end without a beginning.
  expect(seen.inFlight).toBe(0);
});

test('every function that Milvus 2.3.5 was seen to count is in the table', () => {
  for (const activity of ACTIVITY_SOURCES) {
    const names = [...page(`${activity.role}.txt`).matchAll(/req_count\{function_name="([\w-]+)"/g)].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !Object.hasOwn(activity.functions, name ?? ''))).toEqual([]);
  }
});

test.each([
  ['Search', true],
  ['Insert', true],
  ['CreateIndex', true],
  ['DescribeCollection', false],
  ['ListImportTasks', false],
  ['SomethingThatMilvusWillHaveOneDay', true],
  ['constructor', true],
])('%s counts: %s', (name, counts) => {
  expect(countsAsActivity(proxy, name)).toBe(counts);
});

test('what has begun and not ended is in flight, polls too, but only activity counts', () => {
  const text = start + counter('Search', 'total', 5) + counter('Search', 'success', 2) + counter('Search', 'fail', 1);
  const seen = readCounters('proxy@a', proxy, text + counter('GetLoadState', 'total', 1));
  expect(seen).toEqual({
    instance: 'proxy@a',
    startedAt: 1.7e9,
    counted: { Search: { begun: 5, ended: 3 } },
    inFlight: 3,
  });
  expect(countedInFlight(seen.counted)).toBe('Search (2)');
});

test('requests that were given up have ended', () => {
  const text =
    start + counter('Insert', 'total', 2) + counter('Insert', 'success', 1) + counter('Insert', 'abandon', 1);
  expect(readCounters('proxy@a', proxy, text).inFlight).toBe(0);
});

test.each([
  ['no start of its process', counter('Search', 'total', 1)],
  ['nothing', ''],
  ['a page of something else', '<html></html>'],
  ['a counter that is no number', `${start}milvus_proxy_req_count{function_name="Search",status="total"} NaN`],
  ['a counter by something else', `${start}milvus_proxy_req_count{method="Search"} 1`],
  ['half a line', `${start}milvus_proxy_req_count{function_name="Sea`],
])('activity cannot be seen in %s', (_, text) => {
  expect(() => readCounters('proxy@a', proxy, text)).toThrow();
});

test('index builds that run or wait', () => {
  // Right after a compaction: one build runs, one waits for the index node.
  expect(readIndexBuilds(page('datacoord.txt'))).toBe(2);
  const line = (status: string, value: number) =>
    `milvus_datacoord_index_task_count{collection_id="1",index_task_status="${status}"} ${value}\n`;
  expect(readIndexBuilds(line('unissued', 2) + line('in-progress', 1) + line('finished', 9) + line('failed', 1))).toBe(
    3,
  );
  expect(readIndexBuilds('')).toBe(0);
});
