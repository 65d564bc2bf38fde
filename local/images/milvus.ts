/**
 * Milvus from its PyPI wheel, which carries the complete server with all roles, laid out like the stock image.
 *
 * The wheel is made for one process with everything in it; its configuration is brought to the stock image's values
 * where the two differ. What matters to Redkite comes from environment variables on both.
 */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { ensurePython } from '../setup/python.ts';
import { filesOf, type BuildContext, type Recipe } from './recipe.ts';

const files = filesOf('milvus');

/** Placeholders of the wheel's template that have no default of their own. */
const FOLDERS: Readonly<Record<string, string>> = {
  etcd_data_dir: 'default.etcd',
  local_storage_dir: '/var/lib/milvus/data/',
  rocksmq_data_dir: '/var/lib/milvus/rdb_data',
  system_log_path: '""',
};

/** Where the wheel's configuration is that of an embedded, single process. */
const STOCK_VALUES: readonly { readonly path: readonly string[]; readonly value: string | boolean }[] = [
  // Milvus refuses an embedded etcd when DEPLOY_MODE is DISTRIBUTED.
  { path: ['etcd', 'use', 'embed'], value: false },
  { path: ['mq', 'type'], value: 'default' },
  { path: ['common', 'storageType'], value: 'remote' },
];

/** `{{ name }}`, `{{ name: default }}` and `{{ name(type): default }}` become values. */
export function fillTemplate(template: string): string {
  return template.replace(
    /\{\{\s*(\w+)(?:\(\w+\))?\s*(?::\s*(.*?))?\s*\}\}/g,
    (_match, name: string, preset?: string) => {
      const value = preset ?? FOLDERS[name];
      if (value === undefined) throw new Error(`The configuration of the Milvus wheel has a new placeholder: ${name}`);
      return value;
    },
  );
}

export function stockConfiguration(template: string): string {
  const document = parseDocument(fillTemplate(template));
  for (const { path, value } of STOCK_VALUES) {
    if (!document.hasIn(path)) throw new Error(`The configuration of the Milvus wheel has no ${path.join('.')}.`);
    document.setIn(path, value);
  }
  return document.toString();
}

async function build(context: BuildContext, authority: string): Promise<void> {
  const python = await ensurePython(context.settings, context.report);
  const wheels = join(context.work, 'wheel');
  const root = join(context.work, 'milvus');
  const configs = join(root, 'configs');
  await context.run(python, [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
    ...['--requirement', join(files.folder, 'requirements.txt'), '--dest', wheels],
  ]);
  await context.run(python, [
    join(files.folder, 'unpack.py'),
    ...readdirSync(wheels).map((file) => join(wheels, file)),
    root,
  ]);
  mkdirSync(configs);
  const template = join(root, 'config.yaml.template');
  writeFileSync(join(configs, 'milvus.yaml'), stockConfiguration(readFileSync(template, 'utf8')));
  rmSync(template);
  renameSync(join(root, 'glog.conf'), join(configs, 'glog.conf'));
  rmSync(wheels, { recursive: true });
  copyFileSync(authority, join(context.work, 'authority.crt'));
  await context.containerfile(await context.base());
}

export function milvusRecipe(base: string, authority: string): Recipe {
  return {
    name: 'milvus',
    version: files.version('requirements.txt', /^milvus==(\S+)/m),
    inputs: [base, ...files.inputs(), JSON.stringify([FOLDERS, STOCK_VALUES]), readFileSync(authority, 'utf8')],
    build: (context) => build(context, authority),
  };
}
