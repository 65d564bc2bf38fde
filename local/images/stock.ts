/**
 * The stock images instead of our own, for machines that reach a registry (REDKITE_IMAGES=stock): the very images that
 * the template runs on AWS, and Kafka's.
 *
 * A pulled image gets a name of its own below `localhost`, as one built from packages has: nobody downstream has to
 * know where it came from, and the emulator does not ask a registry again at every start of a task. Milvus and Kafka get
 * one small layer each, for what MSK's public certificate and Kafka's users need locally.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import { filesOf, type BuildContext, type Recipe } from './recipe.ts';

export interface StockVersions {
  readonly milvus: string;
  readonly etcd: string;
  readonly kafka: string;
}

/** Complete names: podman has no registry that it would look into by itself. */
export const stockReferences = ({ milvus, etcd, kafka }: StockVersions): StockVersions => ({
  milvus: `docker.io/milvusdb/milvus:v${milvus}`,
  etcd: `quay.io/coreos/etcd:v${etcd}`,
  kafka: `docker.io/apache/kafka:${kafka}`,
});

const layers = filesOf('stock');
const kafkaFiles = ['kafka.sh', 'log4j.properties'].map((name) => join(filesOf('kafka').folder, name));

async function pull(context: BuildContext, reference: string): Promise<void> {
  await context.run('podman', ['pull', reference], {
    env: imageStoreEnvironment(context.settings),
    what: `Pulling ${reference}`,
    advice:
      'REDKITE_IMAGES=stock needs the image registries. Check that they can be reached from this machine (and, where ' +
      'they ask for it, `podman login`), or unset REDKITE_IMAGES: the images are then built from packages.',
    progress: (line) => {
      context.report(`${reference}: ${line}`);
    },
  });
}

/** The stock image plus the files, by `<name>.Containerfile`; `files` are all that such a layer copies. */
function layered(name: 'milvus' | 'kafka', reference: string, files: Readonly<Record<string, string>>) {
  return {
    inputs: [layers.read(`${name}.Containerfile`), ...Object.values(files).map((file) => readFileSync(file, 'utf8'))],
    build: async (context: BuildContext) => {
      await pull(context, reference);
      for (const [target, file] of Object.entries(files)) copyFileSync(file, join(context.work, target));
      await context.containerfile(reference, join(layers.folder, `${name}.Containerfile`));
    },
  };
}

export function stockRecipes(
  versions: StockVersions,
  authority: string,
  references = stockReferences(versions),
): Record<keyof StockVersions, Recipe> {
  const recipe = (name: keyof StockVersions, { inputs, build }: Pick<Recipe, 'inputs' | 'build'>): Recipe => ({
    name,
    version: `${versions[name]}-stock`,
    inputs: [references[name], ...inputs],
    build,
  });
  return {
    milvus: recipe('milvus', layered('milvus', references.milvus, { 'authority.crt': authority })),
    etcd: recipe('etcd', {
      inputs: [],
      build: async (context) => {
        await pull(context, references.etcd);
        await context.run('podman', ['tag', references.etcd, context.tag], {
          env: imageStoreEnvironment(context.settings),
        });
      },
    }),
    kafka: recipe(
      'kafka',
      layered('kafka', references.kafka, Object.fromEntries(kafkaFiles.map((file) => [basename(file), file]))),
    ),
  };
}
