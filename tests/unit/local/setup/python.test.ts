import { readFileSync } from 'node:fs';
import { pythonFolder } from '../../../../local/setup/python.ts';

const requirements = readFileSync(new URL('../../../../local/setup/requirements.txt', import.meta.url), 'utf8');
const lines = requirements.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('every Python package is pinned to one version', () => {
  expect(lines.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
});

test.each(['ministack==1.5.33', 'cfn-lint==1.58.0'])('%s, with which the gaps were measured', (pin) => {
  expect(lines).toContain(pin);
});

test.each(['boto3', 'docker', 'cryptography', 'pytest'])('%s is there', (name) => {
  expect(lines.some((line) => line.startsWith(`${name}==`))).toBe(true);
});

test('another state of the requirements is another environment', () => {
  expect(pythonFolder('/cache', 'a==1')).not.toBe(pythonFolder('/cache', 'a==2'));
});
