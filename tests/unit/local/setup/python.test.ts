import { readFileSync } from 'node:fs';
import { pythonFolder } from '../../../../local/setup/python.ts';

const linesOf = (name: string) =>
  readFileSync(new URL(`../../../../local/setup/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
const lines = linesOf('requirements.txt');

test.each(['requirements.txt', 'clients.txt', 'checkov.txt'])(
  'every Python package of %s is pinned to one version',
  (name) => {
    expect(linesOf(name).filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
  },
);

test.each(['ministack==1.5.33', 'cfn-lint==1.58.0'])('%s, with which the gaps were measured', (pin) => {
  expect(lines).toContain(pin);
});

test('the client of Milvus is the one whose retries were measured', () => {
  expect(linesOf('clients.txt')).toContain('pymilvus==2.3.7');
});

test.each(['boto3', 'docker', 'cryptography', 'pytest'])('%s is there', (name) => {
  expect(lines.some((line) => line.startsWith(`${name}==`))).toBe(true);
});

test('another state of the requirements is another environment', () => {
  expect(pythonFolder('/cache', 'a==1')).not.toBe(pythonFolder('/cache', 'a==2'));
});
