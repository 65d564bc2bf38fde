/** What people may ask a restore for: an archive by its name, or a moment. */
import { z } from 'zod';
import { isArchiveName } from '../archive/manifest.ts';

export const restoreChoiceSchema = z.union(
  [
    z.strictObject({
      archive: z
        .string()
        .refine(isArchiveName, 'is no name of an archive; GET /clusters/{name}/archives lists them')
        .meta({ description: 'Name of an archive.' }),
    }),
    z.strictObject({
      time: z.iso
        .datetime('must be a moment in UTC as ISO 8601, like 2026-01-31T12:00:00Z')
        .meta({ description: 'The newest state that was shipped by this moment.' }),
    }),
  ],
  'needs either archive (a name) or time (ISO 8601, UTC)',
);

export type RestoreChoice = z.infer<typeof restoreChoiceSchema>;
