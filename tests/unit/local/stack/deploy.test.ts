import { sha256, type Entry } from '../../../../local/stack/package/cache.ts';
import { withCode } from '../../../../local/stack/deploy.ts';

const entry = (files: Record<string, string>): Entry =>
  new Map(Object.entries(files).map(([name, text]) => [name, { content: Buffer.from(text), sha256: sha256(text) }]));

const lambda = (name: string, timeout: number) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: `serverless/redkite/local/1795582864221-2026-11-25/${name}.zip` },
    Timeout: timeout,
  },
});
const template = {
  Description: 'a template',
  Resources: { Bucket: { Type: 'AWS::S3::Bucket' }, A: lambda('a', 1), B: lambda('b', 2) },
};

test('each function has its code under its hash, and the rest is as it was', () => {
  const code = entry({ 'a.zip': 'code of a', 'b.zip': 'code of b' });
  expect(withCode(template, code)).toEqual({
    Description: 'a template',
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket' },
      A: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: `functions/${sha256('code of a')}-a.zip` },
          Timeout: 1,
        },
      },
      B: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: `functions/${sha256('code of b')}-b.zip` },
          Timeout: 2,
        },
      },
    },
  });
});

test('a function whose code is changed is the only resource that is', () => {
  const before = withCode(template, entry({ 'a.zip': 'one', 'b.zip': 'code of b' })).Resources;
  const after = withCode(template, entry({ 'a.zip': 'two', 'b.zip': 'code of b' })).Resources;
  expect(Object.keys(after).filter((id) => JSON.stringify(after[id]) !== JSON.stringify(before[id]))).toEqual(['A']);
});

test('a function without code, or versions that would need its hash, are refused', () => {
  expect(() => withCode(template, entry({ 'a.zip': 'one' }))).toThrow('there is no b.zip');
  const versioned = { Resources: { V: { Type: 'AWS::Lambda::Version' } } };
  expect(() => withCode(versioned, entry({}))).toThrow('versions of functions');
});
