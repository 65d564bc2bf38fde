/** Archives of a cluster's metadata as the API shows them. The schemas are the contract. */
import { z } from 'zod';
import type { ListedArchive } from '../archive/read.ts';
import type { LogReach } from '../archive/reach.ts';

export const archiveViewSchema = z
  .object({
    name: z.string(),
    createdAt: z.iso.datetime(),
    ageSeconds: z.int(),
    verifiedAt: z.iso
      .datetime()
      .optional()
      .meta({ description: 'When it was last read through and found whole; absent when it never was.' }),
    revision: z.int(),
    keys: z.int(),
    bytes: z.int(),
    leasedKeys: z.int().meta({ description: 'Sessions of that moment, which are not part of it.' }),
    read: z.enum(['linearizable', 'serializable']),
    milvusVersion: z.string(),
    etcdVersion: z.string(),
    changeLog: z
      .object({
        continues: z.boolean().meta({ description: 'Whether changes after the archive were shipped.' }),
        revision: z.int().meta({ description: 'Up to which they were, without a gap.' }),
        until: z.iso.datetime().meta({ description: 'The latest moment that a restore can choose from it.' }),
      })
      .meta({ description: 'What can be restored from this archive beside itself.' }),
    undoes: z.boolean().meta({ description: 'Restoring it undoes the last restore.' }),
  })
  .meta({ id: 'Archive' });

export type ArchiveView = z.input<typeof archiveViewSchema>;

export const archiveListSchema = z
  .object({
    archives: z.array(archiveViewSchema).meta({ description: 'Newest first.' }),
    unusable: z
      .array(z.object({ name: z.string(), problem: z.string(), message: z.string() }))
      .meta({ description: 'Those that would be refused, and why.' }),
    next: z.string().optional().meta({ description: 'Give it as `before` to get the next page.' }),
  })
  .meta({ id: 'ArchiveList' });

export function archiveView(
  { name, manifest, verifiedAt }: ListedArchive,
  reach: LogReach,
  { undo, now }: { readonly undo: string | undefined; readonly now: Date },
): ArchiveView {
  const { createdAt, revision, keys, bytes, leasedKeys, read, milvusVersion, etcdVersion } = manifest;
  return {
    ...{ name, createdAt, ageSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(createdAt)) / 1_000)) },
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...{ revision, keys, bytes, leasedKeys, read, milvusVersion, etcdVersion },
    changeLog: { continues: reach.revision > revision, revision: reach.revision, until: reach.until ?? createdAt },
    undoes: undo === name,
  };
}
