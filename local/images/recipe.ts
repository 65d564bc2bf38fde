/**
 * What an image of local mode is made of. Its tag carries a hash over everything that goes in, so an image that exists
 * is the right one, and a change of a recipe is a new tag beside the old one (another copy may still use that).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { logFile, logTail } from '../processes.ts';
import { imageStoreEnvironment, podmanForImages } from '../runtime/podman.ts';
import type { LocalSettings } from '../settings.ts';

export type ImageName = 'base' | 'etcd' | 'etcd-previous' | 'milvus' | 'kafka' | 'probe';
/** Of the folders beside this file. */
type FolderName = ImageName | 'stock';

interface BuildPlace {
  readonly settings: LocalSettings;
  readonly tag: string;
  /** Empty, removed afterwards. */
  readonly work: string;
  /** Tag of the base image once it exists; the rest of a recipe can go on before. */
  readonly base: () => Promise<string>;
  readonly report: (line: string) => void;
}

/** All that a recipe's `build` works with. */
export interface BuildContext extends BuildPlace {
  /** Runs one program of the build; its output goes to the image's log. */
  readonly run: (command: string, args: readonly string[], options?: StepOptions) => Promise<void>;
  /** `podman build` of the recipe's Containerfile, or of `file`, over what is in the work folder. */
  readonly containerfile: (base?: string, file?: string) => Promise<void>;
}

export function buildContext(name: ImageName, place: BuildPlace): BuildContext {
  return {
    ...place,
    run: (command, args, options) => step(place, command, args, options),
    containerfile: (base, file) => buildContainerfile(place, name, imageStoreEnvironment(place.settings), base, file),
  };
}

export interface Recipe {
  readonly name: ImageName;
  readonly version: string;
  /** Everything that decides the content, in a fixed order. */
  readonly inputs: readonly string[];
  readonly build: (context: BuildContext) => Promise<void>;
}

export const recipeFolder = (name: FolderName) => fileURLToPath(new URL(name, import.meta.url));

export const recipeFile = (name: FolderName, file: string) => readFileSync(join(recipeFolder(name), file), 'utf8');

/** Name and content of each file of a recipe's folder. */
export const recipeFiles = (name: FolderName): string[] =>
  readdirSync(recipeFolder(name), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .toSorted()
    .flatMap((file) => [file, recipeFile(name, file)]);

/** The files that a recipe has in a folder of its own. */
export const filesOf = (name: FolderName) => ({
  folder: recipeFolder(name),
  read: (file: string) => recipeFile(name, file),
  /** For `Recipe.inputs`: name and content of each. */
  inputs: () => recipeFiles(name),
  /** A version that one of them pins. */
  version: (file: string, pattern: RegExp) => pinnedVersion(recipeFile(name, file), pattern),
});

export function imageTag(recipe: Pick<Recipe, 'name' | 'version' | 'inputs'>): string {
  // JSON keeps the parts apart: ['ab', 'c'] is not ['a', 'bc'].
  const hash = createHash('sha256').update(JSON.stringify(recipe.inputs)).digest('hex').slice(0, 12);
  return `localhost/redkite/${recipe.name}:${recipe.version}-${hash}`;
}

/** A version that a recipe's own file pins, so that it is written in one place only. */
export function pinnedVersion(text: string, pattern: RegExp): string {
  const version = pattern.exec(text)?.[1];
  if (version === undefined)
    throw new Error(`No version matches ${String(pattern)} in this file:\n${text.slice(0, 400)}`);
  return version;
}

const logName = (tag: string) => `image-${tag.slice(tag.lastIndexOf('/') + 1).replace(':', '-')}`;

export interface StepOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What to do when the program is not there. */
  readonly missing?: string;
  /** What is going on, for the message when it fails. */
  readonly what?: string;
  /** What to do when it fails. */
  readonly advice?: string;
  /** Told every line that the program says on stderr, where programs tell how far they are. */
  readonly progress?: (line: string) => void;
}

/** Runs one program of a build; its output goes to the image's log. */
export async function step(
  context: BuildPlace,
  command: string,
  args: readonly string[],
  options: StepOptions = {},
): Promise<void> {
  const { settings, tag } = context;
  mkdirSync(settings.logDir, { recursive: true });
  const log = { file: logFile(settings, logName(tag)), append: true };
  // Not rejecting: an error of execa carries the whole output, which is in the log already.
  const result = await execa(command, args, {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: log,
    stderr: options.progress === undefined ? log : [listening(options.progress), log],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? {},
  });
  if (!result.failed) return;
  // 127 is how `nice` says that a program is not there.
  if (result.code === 'ENOENT' || result.exitCode === 127) {
    throw new Error(`${command} is needed to build ${tag} and was not found. ${options.missing ?? ''}`.trim());
  }
  const { what = `Building ${tag}`, advice } = options;
  throw new Error(
    `${what} failed: ${result.shortMessage}\nLog: ${log.file}\n${logTail(settings, logName(tag))}` +
      (advice === undefined ? '' : `\n${advice}`),
  );
}

/** Lets every line through and tells it. */
const listening = (tell: (line: string) => void) =>
  function* (line: unknown) {
    tell(String(line));
    yield line;
  };

/** `podman build` of the recipe's Containerfile over the files gathered in the work folder. */
export async function buildContainerfile(
  context: BuildPlace,
  name: ImageName,
  env: Readonly<Record<string, string>>,
  base?: string,
  file = join(recipeFolder(name), 'Containerfile'),
): Promise<void> {
  await step(
    context,
    'podman',
    [
      'build',
      // Packages come through the machine's own network; nothing is pulled, every base is built here.
      ...['--network', 'host', '--pull=never', '--format', 'docker', '--tag', context.tag],
      ...(base === undefined ? [] : ['--build-arg', `BASE=${base}`]),
      ...['--file', file, context.work],
    ],
    { env },
  );
}

export async function imageExists(settings: LocalSettings, tag: string): Promise<boolean> {
  return (await podmanForImages(settings, ['images', '--format', '{{.Repository}}:{{.Tag}}']))
    .split('\n')
    .includes(tag);
}
