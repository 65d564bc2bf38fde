/**
 * The functions' code, as serverless-esbuild makes it with the same settings (`npm run check` compares the two), but all of
 * them by one call of esbuild: each module is read once and not once a function, which takes a third of the time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { build, type Metafile, type OutputFile } from 'esbuild';
import { Zip } from 'fflate';
import { z } from 'zod';
import type { LocalSettings } from '../../settings.ts';
import { ensureEntry, sha256, type Entry } from './cache.ts';
import { fingerprint } from './sources.ts';

/** tsconfig.json and package.json are read by esbuild too; node_modules is what the lock file says. */
const SOURCES = ['functions', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** This file is part of what decides. */
const MAKER = sha256(readFileSync(fileURLToPath(import.meta.url)));
/** 50 MB each. */
const KEEP = 6;
/** Of 1 to 9: a third of the time for a quarter more bytes than the default, 6. */
const COMPRESSION = 1;
const DEFLATED = 8;
/** Zip knows no earlier time; with a fixed one, equal code is an equal file. */
const ANY_TIME = new Date(1980, 0, 1);
/** Where serverless-esbuild puts what it makes. Nothing is written here, but source maps name paths from there. */
const OUTPUT = '.esbuild/.build';

/** A setting that is not among these would be one that serverless-esbuild heeds and this file does not. */
const bundlingSchema = z.strictObject({
  bundle: z.literal(true),
  format: z.literal('esm'),
  outputFileExtension: z.string(),
  platform: z.literal('node'),
  target: z.string(),
  mainFields: z.array(z.string()),
  keepNames: z.boolean(),
  sourcemap: z.literal('linked'),
  sourcesContent: z.boolean(),
  banner: z.record(z.string(), z.string()),
  exclude: z.tuple([]),
  concurrency: z.number().optional(),
});

/** A zip a function: `<name in serverless.yml>.zip`. */
export async function packageFunctions(
  settings: LocalSettings,
  handlers: ReadonlyMap<string, string>,
  bundling: unknown,
  report: (line: string) => void,
): Promise<Entry> {
  const others = { handlers: [...handlers], bundling, node: process.version, maker: MAKER };
  const key = () => fingerprint(settings.root, SOURCES, others);
  const before = key();
  const shelf = { folder: join(settings.cacheDir, 'functions'), keep: KEEP };
  const make = async () => {
    report(`bundling ${handlers.size} functions`);
    const files = await bundle(settings.root, handlers, bundling);
    const zips = await Promise.all(
      [...files].map(async ([name, outputs]) => [`${name}.zip`, await zip(outputs)] as const),
    );
    if (key() !== before)
      throw new Error('The functions were changed while they were bundled. Run the same command again.');
    return new Map(zips);
  };
  return ensureEntry(shelf, before, make, () => {
    report('waiting for another copy of the repository that bundles functions');
  });
}

interface BundledFile {
  /** From the root of the zip. */
  readonly path: string;
  readonly contents: Uint8Array;
}

/** Exported for `npm run check`. The module and its source map by the function's name. */
export async function bundle(
  root: string,
  handlers: ReadonlyMap<string, string>,
  bundling: unknown,
): Promise<ReadonlyMap<string, readonly BundledFile[]>> {
  const { outputFileExtension, concurrency: _, exclude: __, ...options } = bundlingSchema.parse(bundling);
  const modules = new Map([...handlers].map(([name, handler]) => [name, handler.slice(0, handler.lastIndexOf('.'))]));
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: [...new Set(modules.values())].map((module) => `${module}.ts`),
    outbase: root,
    outdir: OUTPUT,
    outExtension: { '.js': outputFileExtension },
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  refuseUnknownInputs(metafile);
  const folder = join(root, OUTPUT);
  const byPath = new Map(outputFiles.map((file: OutputFile) => [file.path, file.contents]));
  return new Map(
    [...modules].map(([name, module]) => [
      name,
      [`${module}${outputFileExtension}`, `${module}${outputFileExtension}.map`].map((path) => {
        const contents = byPath.get(join(folder, path));
        if (contents === undefined) throw new Error(`esbuild made no ${path} for the function ${name}.`);
        return { path, contents };
      }),
    ]),
  );
}

/** What the key of the cache does not know of must not be in the code. */
function refuseUnknownInputs({ inputs }: Metafile): void {
  const unknown = Object.keys(inputs).filter((path) => !/^(\(disabled\):)?(functions|node_modules)\//.test(path));
  if (unknown.length > 0) {
    throw new Error(`Functions are made of functions/ and packages alone, and not of ${unknown.join(', ')}.`);
  }
}

const deflate = promisify(deflateRaw);

async function zip(files: readonly BundledFile[]): Promise<Buffer> {
  // Node's own compression runs beside this thread, on all cores; fflate's does not.
  const compressed = await Promise.all(files.map(({ contents }) => deflate(contents, { level: COMPRESSION })));
  const chunks: Uint8Array[] = [];
  const archive = new Zip((error, chunk) => {
    if (error !== null) throw error;
    chunks.push(chunk);
  });
  files.forEach(({ path, contents }, index) => {
    const file: Parameters<typeof archive.add>[0] = {
      ...{ filename: path, size: contents.length, crc: crc32(contents), compression: DEFLATED, mtime: ANY_TIME },
    };
    archive.add(file);
    file.ondata?.(null, compressed[index] ?? new Uint8Array(), true);
  });
  archive.end();
  return Buffer.concat(chunks);
}
