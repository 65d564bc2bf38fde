/** A cluster as the API shows it. The schema is the contract: the OpenAPI document is made from it. */
import { z } from 'zod';
import { CONDITION_TYPES } from '../cluster/conditions.ts';
import { PHASES } from '../cluster/phases.ts';
import { NAP_POINTS, type ClusterRecord, type RestorationRecord } from '../cluster/record.ts';
import { clusterSpecSchema } from '../cluster/spec.ts';
import { idleViewSchema, type IdleView } from '../idle/view.ts';

export const clusterViewSchema = z
  .object({
    name: z.string(),
    phase: z.enum(PHASES),
    phaseSince: z.iso.datetime(),
    generation: z.int(),
    operation: z.string().optional().meta({ description: 'Name of the execution that owns the cluster right now.' }),
    conditions: z.array(
      z.object({
        type: z.enum(CONDITION_TYPES),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: z.string(),
        message: z.string(),
        observedAt: z.iso.datetime(),
      }),
    ),
    failure: z.object({ error: z.string(), message: z.string(), advice: z.string(), at: z.iso.datetime() }).optional(),
    lastRestore: z
      .object({
        archive: z.string(),
        asOf: z.iso.datetime(),
        at: z.iso.datetime(),
        undo: z.string().optional().meta({ description: 'Archive of the state before: restoring it undoes this.' }),
        missingFiles: z.int(),
        notes: z.array(z.string()),
      })
      .optional()
      .meta({ description: 'The last time that people chose a state to go back to.' }),
    turnedRound: z
      .object({ at: z.iso.datetime(), point: z.enum(NAP_POINTS), reason: z.string() })
      .optional()
      .meta({ description: 'The last sleep, where it ended awake: how far it had come, and why it turned round.' }),
    hosts: z
      .array(z.string())
      .meta({ description: 'Host names under which the load balancer recognises the cluster.' }),
    spec: clusterSpecSchema,
    idle: idleViewSchema
      .optional()
      .meta({ description: 'Why it is awake, and until when. Of one cluster that is awake, not in the list.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Cluster' });

export type ClusterView = z.input<typeof clusterViewSchema>;

export const clusterListSchema = z
  .object({
    clusters: z.array(clusterViewSchema),
    next: z.string().optional().meta({ description: 'Give it as `after` to get the next page.' }),
  })
  .meta({ id: 'ClusterList' });

export function clusterHosts(record: Pick<ClusterRecord, 'name' | 'spec'>): string[] {
  return [`${record.name}.*`, ...record.spec.hosts];
}

export function clusterView(record: ClusterRecord, idle?: IdleView): ClusterView {
  const { failure, restoration } = record;
  return {
    name: record.name,
    phase: record.phase,
    phaseSince: record.phaseSince,
    generation: record.generation,
    ...(record.owner === undefined ? {} : { operation: record.owner }),
    conditions: CONDITION_TYPES.map((type) => record.conditions[type]),
    ...(failure === undefined
      ? {}
      : { failure: { error: failure.error, message: failure.message, advice: failure.advice, at: failure.at } }),
    ...(restoration === undefined ? {} : { lastRestore: restorationView(restoration) }),
    ...(record.turnedRound === undefined ? {} : { turnedRound: record.turnedRound }),
    hosts: clusterHosts(record),
    spec: record.spec,
    ...(idle === undefined ? {} : { idle }),
    createdAt: record.createdAt,
  };
}

function restorationView({ archive, asOf, at, undo, missingFiles, notes }: RestorationRecord) {
  return { archive, asOf, at, ...(undo === undefined ? {} : { undo }), missingFiles, notes: [...notes] };
}
