/**
 * The CloudFormation template as the Serverless Framework makes it of serverless.yml, for this copy. The framework works on
 * a copy of what the key is made of, with an environment that the key is made of, so nothing else can get into the template.
 * The functions are stubs there: the template has their names and settings, and none of their code.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { logFile, logTail } from '../../processes.ts';
import type { LocalSettings } from '../../settings.ts';
import { ensureEntry, sha256 } from './cache.ts';
import { filesBelow, fingerprint } from './sources.ts';

const SOURCES = ['serverless.yml', 'package.json', 'package-lock.json', 'resources', 'statemachines'];
/** This file is part of what decides. */
const MAKER = sha256(readFileSync(fileURLToPath(import.meta.url)));
const HANDLER = /^functions\/[^/]+\/handler\.ts$/;
const STUB = 'export const handler = undefined;\n';
/** What the framework leaves in `.serverless`. */
const FULL = 'cloudformation-template-update-stack.json';
const CORE = 'cloudformation-template-create-stack.json';
const STATE = 'serverless-state.json';
/** Half a megabyte each; each copy of the repository needs its own. */
const KEEP = 50;

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() });
const templateSchema = z.looseObject({ Resources: z.record(z.string(), resourceSchema) });
export type Template = z.infer<typeof templateSchema>;

const stateSchema = z.object({
  service: z.object({
    provider: z.object({ stackTags: z.record(z.string(), z.string()) }),
    custom: z.object({ esbuild: z.unknown() }),
    functions: z.record(z.string(), z.object({ handler: z.string() })),
  }),
});

export interface PackagedTemplate {
  /** The stack's beginning: the bucket for the functions' code alone. */
  readonly core: Template;
  readonly full: Template;
  readonly tags: Readonly<Record<string, string>>;
  /** custom.esbuild of serverless.yml. */
  readonly bundling: unknown;
  /** `folder/file.export` by the name that a function has in serverless.yml. */
  readonly handlers: ReadonlyMap<string, string>;
}

export async function packageTemplate(
  settings: LocalSettings,
  environment: Readonly<Record<string, string>>,
): Promise<PackagedTemplate> {
  const handlers = filesBelow(settings.root, ['functions']).filter((file) => HANDLER.test(file));
  const { stage, region } = settings;
  const others = { handlers, environment, stage, region, node: process.version, maker: MAKER };
  const key = fingerprint(settings.root, SOURCES, others);
  const shelf = { folder: join(settings.cacheDir, 'templates'), keep: KEEP };
  const entry = await ensureEntry(shelf, key, () => runServerless(settings, environment, handlers));
  const json = (name: string): unknown => JSON.parse(entry.get(name)?.content.toString() ?? 'null');
  return {
    core: templateSchema.parse(json(CORE)),
    full: templateSchema.parse(json(FULL)),
    ...readState(entry.get(STATE)?.content.toString() ?? 'null'),
  };
}

/** Of the text of serverless-state.json: serverless.yml with everything resolved. */
export function readState(text: string): Pick<PackagedTemplate, 'tags' | 'bundling' | 'handlers'> {
  const { service } = stateSchema.parse(JSON.parse(text));
  return {
    tags: service.provider.stackTags,
    bundling: service.custom.esbuild,
    handlers: new Map(Object.entries(service.functions).map(([name, { handler }]) => [name, handler])),
  };
}

async function runServerless(
  settings: LocalSettings,
  environment: Readonly<Record<string, string>>,
  handlers: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  mkdirSync(settings.logDir, { recursive: true });
  // Below the root, where the framework finds its plugins.
  const work = mkdtempSync(join(settings.stateDir, 'package-'));
  try {
    for (const file of [...filesBelow(settings.root, SOURCES), ...handlers]) {
      mkdirSync(dirname(join(work, file)), { recursive: true });
      if (handlers.includes(file)) writeFileSync(join(work, file), STUB);
      else copyFileSync(join(settings.root, file), join(work, file));
    }
    const args = ['package', '--stage', settings.stage, '--region', settings.region];
    const result = await execa('serverless', args, {
      cwd: work,
      reject: false,
      all: true,
      extendEnv: false,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    });
    writeFileSync(logFile(settings, 'package'), result.all);
    if (result.exitCode !== 0) {
      throw new Error(
        `serverless package failed. Log: ${logFile(settings, 'package')}\n${logTail(settings, 'package', 25)}\n` +
          'Correct serverless.yml or resources/, then run the same command again.',
      );
    }
    return new Map([FULL, CORE, STATE].map((name) => [name, readFileSync(join(work, '.serverless', name), 'utf8')]));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
