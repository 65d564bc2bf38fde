/**
 * zstd, which the runtime has built in; runs in threads of its own, beside the reading. Measured on records like Milvus' own:
 * zstd 1 4.4x at 371 MB/s, zstd 3 4.4x at 104 MB/s, gzip 1 3.9x at 101 MB/s, gzip 6 4.1x at 71 MB/s.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';

const compressAsync = promisify(zstdCompress);
const decompressAsync = promisify(zstdDecompress);

export const compress = (bytes: Uint8Array): Promise<Buffer> =>
  compressAsync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } });

/** Never gives more than `mostBytes`: what claims to be larger is refused before it fills the memory. */
export const decompress = (bytes: Uint8Array, mostBytes: number): Promise<Buffer> =>
  decompressAsync(bytes, { maxOutputLength: Math.max(1, mostBytes) });
