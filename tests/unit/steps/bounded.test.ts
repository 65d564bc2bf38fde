import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { z } from 'zod';
import { boundedNames, boundedText } from '../../../functions/common/lambda/bounded.ts';
import { RedkiteError } from '../../../functions/common/lambda/errors.ts';
import { stepHandler } from '../../../functions/common/lambda/step.ts';

const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

test('a text that is short enough is left as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(boundedText(text, bytesOf(text))).toBe(text);
    }),
  );
});

test('a text is cut between two characters, by its bytes as JSON, and says how much is left out', () => {
  expect(boundedText('abcdef', 4)).toBe('abcd ... and 2 more characters');
  expect(boundedText('ab""""', 5)).toBe('ab" ... and 3 more characters');
  expect(boundedText('a😀😀', 8)).toBe('a😀 ... and 2 more characters');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 40 }), fc.nat({ max: 39 }), (text, most) => {
      const [, kept = '', left] = /^(.*) \.\.\. and (\d+) more characters$/s.exec(boundedText(text, most)) ?? [];
      expect(bytesOf(kept)).toBeLessThanOrEqual(most);
      expect(text.startsWith(kept)).toBe(true);
      expect(kept.length + Number(left)).toBe(text.length);
    }),
  );
});

test('of many names the first are told, and how many more there are', () => {
  const names = Array.from({ length: 332 }, (_, n) => `n${n}`);
  expect(boundedNames(names.slice(0, 20))).toBe(names.slice(0, 20).join(', '));
  expect(boundedNames(names, '; ')).toBe(`${names.slice(0, 20).join('; ')} and 312 more`);
  expect(boundedNames(['x'.repeat(500)])).toBe(`${'x'.repeat(300)} ... and 200 more characters`);
});

describe('an error that a step throws', () => {
  const thrownBy = (error: Error) =>
    stepHandler(z.unknown(), () => Promise.reject(error))({}, { functionName: 'step' } as Context).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );

  test('is the one that was thrown', async () => {
    const error = new RedkiteError('QuorumLost', 'two of three are gone');
    expect(await thrownBy(error)).toBe(error);
  });

  test('keeps its name and is cut, in its stack too, which Lambda hands on with it', async () => {
    const error = new RedkiteError('QuorumLost', 'x'.repeat(5_000));
    const thrown = await thrownBy(error);
    expect(thrown).toMatchObject({ name: 'QuorumLost', message: `${'x'.repeat(1_000)} ... and 4000 more characters` });
    expect(thrown?.cause).toBe(error);
    expect(thrown?.stack).not.toContain('x'.repeat(1_001));
  });
});
