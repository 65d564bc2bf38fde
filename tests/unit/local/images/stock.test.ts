/** Which images local mode runs on: those from packages, or the stock ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { imageRecipes } from '../../../../local/images/images.ts';
import { baseRecipe } from '../../../../local/images/base.ts';
import { imageTag } from '../../../../local/images/recipe.ts';
import { stockRecipes, stockReferences } from '../../../../local/images/stock.ts';
import { imageSource } from '../../../../local/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'redkite-stock-'));
const authority = join(folder, 'ca.pem');
writeFileSync(authority, 'one');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const base = baseRecipe('ID=debian\nVERSION_CODENAME=bookworm\n');
const recipes = (source: 'packages' | 'stock') => imageRecipes(source, base, authority);

describe('the setting', () => {
  test.each([[undefined], [''], ['packages']])('%s: from packages', (value) => {
    expect(imageSource(value)).toBe('packages');
  });

  test('stock', () => {
    expect(imageSource('stock')).toBe('stock');
  });

  test('anything else is refused, with what there is', () => {
    expect(() => imageSource('docker')).toThrow('REDKITE_IMAGES=docker: it is `packages` (the default) or `stock`');
  });
});

describe('stock images', () => {
  const versions = { milvus: '2.3.5', etcd: '3.6.16', kafka: '3.9.1' };

  test('have complete names: podman looks into no registry by itself', () => {
    expect(stockReferences(versions)).toEqual({
      milvus: 'docker.io/milvusdb/milvus:v2.3.5',
      etcd: 'quay.io/coreos/etcd:v3.6.16',
      kafka: 'docker.io/apache/kafka:3.9.1',
    });
  });

  test('are of the versions that the packages have', () => {
    const packages = recipes('packages');
    const stock = recipes('stock');
    for (const name of ['milvus', 'etcd', 'kafka'] as const) {
      expect(stock[name].version).toBe(`${packages[name].version}-stock`);
      expect(stock[name].inputs[0]).toMatch(new RegExp(`:v?${packages[name].version}$`));
    }
  });

  test('are those that run on AWS', () => {
    const { params } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' }) as {
      params: { default: { milvusImage: string; etcdImage: string } };
    };
    const references = stockReferences(versions);
    expect(references.milvus).toBe(`docker.io/${params.default.milvusImage}`);
    const built = recipes('packages').etcd.version;
    expect(params.default.etcdImage).toBe(stockReferences({ ...versions, etcd: built }).etcd);
  });

  test('have tags of their own below localhost, which the emulator neither looks up nor pulls', () => {
    for (const [name, recipe] of Object.entries(recipes('stock'))) {
      expect(imageTag(recipe)).toMatch(new RegExp(`^localhost/redkite/${name}:[\\d.]+-stock-[0-9a-f]{12}$`));
    }
  });

  test('change with the reference, and with what is laid over them', () => {
    const tags = (references = stockReferences(versions)) =>
      Object.values(stockRecipes(versions, authority, references)).map(imageTag);
    const before = tags();
    const elsewhere = tags({ milvus: 'mirror/milvus:1', etcd: 'mirror/etcd:1', kafka: 'mirror/kafka:1' });
    elsewhere.forEach((tag, index) => {
      expect(tag).not.toBe(before[index]);
    });
    writeFileSync(authority, 'two');
    const [milvus, ...others] = tags();
    expect(milvus).not.toBe(before[0]);
    expect(others).toEqual(before.slice(1));
  });
});
