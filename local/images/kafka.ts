/** Kafka in KRaft mode: Debian's Java and the jars that pom.xml names. The broker of the local MSK. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, type BuildContext, type Recipe } from './recipe.ts';

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

const files = filesOf('kafka');

async function build(context: BuildContext): Promise<void> {
  await context.run(
    'mvn',
    [
      ...['--batch-mode', '--quiet', '--file', join(files.folder, 'pom.xml'), COPY_DEPENDENCIES],
      ...[`-DoutputDirectory=${join(context.work, 'jars')}`, '-DincludeScope=runtime'],
    ],
    { missing: 'Install it: apt-get install --no-install-recommends maven' },
  );
  for (const file of ['kafka.sh', 'log4j.properties']) copyFileSync(join(files.folder, file), join(context.work, file));
  await context.containerfile(await context.base());
}

export function kafkaRecipe(base: string): Recipe {
  return {
    name: 'kafka',
    version: files.version('pom.xml', /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([^<]+)</),
    inputs: [base, ...files.inputs(), COPY_DEPENDENCIES],
    build,
  };
}
