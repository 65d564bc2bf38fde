/** The body of POST /clusters/{name}/actions/restore. */
import { z } from 'zod';
import { isArchiveName } from '../common/archive/manifest.ts';

export const restoreRequestSchema = z
  .strictObject({
    archive: z
      .string()
      .refine(isArchiveName, 'is not the name of an archive; GET /clusters/{name}/archives lists them')
      .optional()
      .meta({ description: 'The archive to go back to. Either this or `time`.' }),
    time: z.iso
      .datetime('must be a moment in UTC as ISO 8601, like 2026-01-31T12:00:00Z')
      .optional()
      .meta({ description: 'Go back to the newest state that was shipped by this moment.' }),
    dryRun: z.boolean().default(false).meta({ description: 'Only tell what would happen, and what would be lost.' }),
    allowMissing: z
      .boolean()
      .default(false)
      .meta({ description: 'Restore although files that the state names are gone from the bucket.' }),
  })
  .superRefine(({ archive, time }, context) => {
    if ((archive === undefined) === (time === undefined)) {
      context.addIssue({ code: 'custom', path: ['archive'], message: 'or time is needed, and not both' });
    }
  })
  .meta({ id: 'RestoreRequest' });

export type RestoreRequest = z.output<typeof restoreRequestSchema>;
