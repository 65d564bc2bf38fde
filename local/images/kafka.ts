/** Kafka in KRaft mode: Debian's Java and the jars that pom.xml names. The broker of the local MSK. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageStoreEnvironment } from '../runtime/podman.ts';
import {
  buildContainerfile,
  pinnedVersion,
  recipeFile,
  recipeFiles,
  recipeFolder,
  step,
  type BuildContext,
  type Recipe,
} from './recipe.ts';

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

async function build(context: BuildContext): Promise<void> {
  const folder = recipeFolder('kafka');
  await step(
    context,
    'mvn',
    [
      ...['--batch-mode', '--quiet', '--file', join(folder, 'pom.xml'), COPY_DEPENDENCIES],
      ...[`-DoutputDirectory=${join(context.work, 'jars')}`, '-DincludeScope=runtime'],
    ],
    { missing: 'Install it: apt-get install --no-install-recommends maven' },
  );
  for (const file of ['kafka.sh', 'log4j.properties']) copyFileSync(join(folder, file), join(context.work, file));
  await buildContainerfile(context, 'kafka', imageStoreEnvironment(context.settings), await context.base());
}

export function kafkaRecipe(base: string): Recipe {
  return {
    name: 'kafka',
    version: pinnedVersion(
      recipeFile('kafka', 'pom.xml'),
      /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([^<]+)</,
    ),
    inputs: [base, ...recipeFiles('kafka'), COPY_DEPENDENCIES],
    build,
  };
}
