import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEFAULT_RELEASE } from '../../../../functions/common/releases/profiles.ts';
import { baseRecipe, distributionSources, sourcesList } from '../../../../local/images/base.ts';
import { etcdRecipe } from '../../../../local/images/etcd.ts';
import { kafkaRecipe } from '../../../../local/images/kafka.ts';
import { fillTemplate, milvusRecipe, stockConfiguration } from '../../../../local/images/milvus.ts';
import { imageTag, pinnedVersion, recipeFile } from '../../../../local/images/recipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'redkite-images-'));
const authority = join(folder, 'ca.pem');
writeFileSync(authority, 'one');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const OS_RELEASE = 'ID=debian\nVERSION_CODENAME=bookworm\n';

describe('tags', () => {
  const recipe = { name: 'etcd', version: '3.6.0', inputs: ['ab', 'c'] } as const;

  test('carry the version and twelve digits of the content', () => {
    expect(imageTag(recipe)).toMatch(/^localhost\/redkite\/etcd:3\.6\.0-[0-9a-f]{12}$/);
    expect(imageTag({ ...recipe })).toBe(imageTag(recipe));
  });

  test.each([[['ab', 'd']], [['a', 'bc']], [['c', 'ab']], [['ab', 'c', '']]])(
    'change with the content: %j',
    (inputs) => {
      expect(imageTag({ ...recipe, inputs })).not.toBe(imageTag(recipe));
    },
  );

  test('a new base is a new Milvus and a new Kafka, and the same etcd, which does not stand on it', () => {
    expect(imageTag(kafkaRecipe('base:1'))).not.toBe(imageTag(kafkaRecipe('base:2')));
    expect(imageTag(milvusRecipe('base:1', authority))).not.toBe(imageTag(milvusRecipe('base:2', authority)));
    expect(imageTag(etcdRecipe())).toBe(imageTag(etcdRecipe()));
  });

  test('a new authority is a new Milvus, whose system trust it is in', () => {
    const before = imageTag(milvusRecipe('base:1', authority));
    writeFileSync(authority, 'two');
    expect(imageTag(milvusRecipe('base:1', authority))).not.toBe(before);
  });
});

describe('pinned versions', () => {
  test('Milvus is the release that clusters get by default', () => {
    expect(milvusRecipe('base:1', authority).version).toBe(DEFAULT_RELEASE);
  });

  test('etcd is 3.6, and so are its tools', () => {
    const versions = [...recipeFile('etcd', 'go.mod').matchAll(/^\s*go\.etcd\.io\/etcd\/\w+\/v3 v(\S+)/gm)].map(
      ([, version]) => version,
    );
    expect(new Set(versions)).toEqual(new Set([etcdRecipe().version]));
    expect(etcdRecipe().version).toMatch(/^3\.6\./);
  });

  test('Kafka is 3.9', () => {
    expect(kafkaRecipe('base:1').version).toMatch(/^3\.9\./);
  });

  test('the base follows this machine', () => {
    expect(baseRecipe(OS_RELEASE).version).toBe('bookworm');
  });

  test('a file without a version is an error', () => {
    expect(() => pinnedVersion('nothing', /^milvus==(\S+)/m)).toThrow('No version matches');
  });
});

describe('apt sources', () => {
  const lines = [
    'http://mirror/debian bookworm main',
    'http://mirror/debian bookworm main',
    'http://mirror/debian bookworm-updates main',
    'http://mirror/security bookworm-security main',
    'http://mirror/debian bookworm contrib',
    'http://other/node nodistro main',
    'http://other/cloud cloud-sdk-bookworm main',
    '',
  ].join('\n');

  test("are the distribution's own, each once", () => {
    expect(sourcesList(distributionSources(lines, 'bookworm'))).toBe(
      'deb http://mirror/debian bookworm main\n' +
        'deb http://mirror/debian bookworm-updates main\n' +
        'deb http://mirror/security bookworm-security main\n',
    );
  });

  test('none on a machine without any', () => {
    expect(distributionSources('', 'bookworm')).toEqual([]);
  });
});

describe('Milvus configuration', () => {
  const TEMPLATE = `
etcd:
  endpoints: localhost:{{ etcd_port(int): 2379 }}
  log:
    path: {{ etcd_log_path: stdout }}
  use:
    embed: true # in process
  data:
    dir: {{ etcd_data_dir }}
mq:
  type: rocksmq
common:
  storageType: local
log:
  file:
    rootPath: {{ system_log_path }} # empty: none
`;

  test('has the values of the stock image', () => {
    expect(parse(stockConfiguration(TEMPLATE))).toEqual({
      etcd: {
        endpoints: 'localhost:2379',
        log: { path: 'stdout' },
        use: { embed: false },
        data: { dir: 'default.etcd' },
      },
      mq: { type: 'default' },
      common: { storageType: 'remote' },
      log: { file: { rootPath: '' } },
    });
  });

  test('a placeholder nobody knows is an error', () => {
    expect(() => fillTemplate('a: {{ surprise }}')).toThrow('surprise');
  });

  test('a setting that is gone is an error', () => {
    expect(() => stockConfiguration('etcd: {}')).toThrow('etcd.use.embed');
  });
});
