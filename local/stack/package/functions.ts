/**
 * The functions' code, as serverless-esbuild makes it with the same settings (`npm run check` compares the two), but many of
 * them by one call of esbuild, which then reads each module once and not once a function.
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
/** Functions. All by one call take no less time than so, and 2.8 GiB of memory in place of 1.2. */
const AT_ONCE = 15;
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
  skipRebuild: z.boolean().optional(),
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
    const zips: Promise<readonly [file: string, content: Buffer]>[] = [];
    for await (const { name, files } of bundle(settings.root, handlers, bundling)) {
      zips.push(zip(files).then((content) => [`${name}.zip`, content]));
    }
    const made = new Map(await Promise.all(zips));
    if (key() !== before)
      throw new Error('The functions were changed while they were bundled. Run the same command again.');
    return made;
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

/** The module and its source map of each function. */
async function* bundle(
  root: string,
  handlers: ReadonlyMap<string, string>,
  bundling: unknown,
): AsyncGenerator<{ readonly name: string; readonly files: readonly BundledFile[] }> {
  const {
    outputFileExtension,
    concurrency: _,
    skipRebuild: __,
    exclude: ___,
    ...options
  } = bundlingSchema.parse(bundling);
  const modules = [...handlers].map(([name, handler]) => ({
    name,
    module: handler.slice(0, handler.lastIndexOf('.')),
  }));
  for (let from = 0; from < modules.length; from += AT_ONCE) {
    const batch = modules.slice(from, from + AT_ONCE);
    const { outputFiles, metafile } = await build({
      ...options,
      absWorkingDir: root,
      entryPoints: [...new Set(batch.map(({ module }) => `${module}.ts`))],
      outbase: root,
      outdir: OUTPUT,
      outExtension: { '.js': outputFileExtension },
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    refuseUnknownInputs(metafile);
    const byPath = new Map(outputFiles.map((file: OutputFile) => [file.path, file.contents]));
    for (const { name, module } of batch) {
      const paths = [`${module}${outputFileExtension}`, `${module}${outputFileExtension}.map`];
      const files = paths.map((path) => {
        const contents = byPath.get(join(root, OUTPUT, path));
        if (contents === undefined) throw new Error(`esbuild made no ${path} for the function ${name}.`);
        return { path, contents };
      });
      yield { name, files };
    }
  }
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
