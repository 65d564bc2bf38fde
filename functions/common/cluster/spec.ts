/**
 * What a user asks for: the body of POST /clusters. The schema is the one description; the OpenAPI document, the types
 * and the messages for bad input all come from it.
 */
import { z } from 'zod';
import { DEFAULT_RETENTION, type RetentionPolicy } from '../archive/retention.ts';
import { idlePolicySchema } from '../idle/policy.ts';
import { DEFAULT_RELEASE, FARGATE_SIZES, RELEASES, ROLE_NAMES, releaseProfile } from '../releases/profiles.ts';
import { CLUSTER_NAME_MAX, CLUSTER_NAME_PATTERN } from './names.ts';

export const clusterNameSchema = z
  .string()
  .max(CLUSTER_NAME_MAX, `must have at most ${CLUSTER_NAME_MAX} characters`)
  .regex(
    CLUSTER_NAME_PATTERN,
    'must begin with a lower case letter and contain only lower case letters, digits and inner hyphens',
  )
  .meta({ description: 'Name of the cluster; it becomes part of its host name.', example: 'demo' });

const cpuChoices = Object.keys(FARGATE_SIZES).map(Number);

const roleSizeSchema = z
  .strictObject({
    replicas: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(20, 'must be at most 20')
      .optional()
      .meta({ description: 'Number of tasks of this role. Coordinators take 1, or 2 as active and standby.' }),
    cpu: z.int('must be a whole number').optional().meta({ description: 'Fargate CPU units (1024 = one vCPU).' }),
    memory: z.int('must be a whole number').optional().meta({ description: 'Memory in MiB.' }),
  })
  .superRefine(({ cpu, memory }, context) => {
    if (cpu === undefined && memory === undefined) return;
    if (cpu === undefined || memory === undefined) {
      context.addIssue({
        code: 'custom',
        path: [cpu === undefined ? 'cpu' : 'memory'],
        message: 'cpu and memory must be given together',
      });
      return;
    }
    const memories = FARGATE_SIZES[cpu];
    if (memories === undefined) {
      context.addIssue({ code: 'custom', path: ['cpu'], message: `must be one of ${cpuChoices.join(', ')}` });
    } else if (!memories.includes(memory)) {
      context.addIssue({
        code: 'custom',
        path: ['memory'],
        message: `must be one of ${memories.join(', ')} when cpu is ${cpu} (the sizes that Fargate has)`,
      });
    }
  });

const hostSchema = z
  .string()
  .max(128, 'must have at most 128 characters')
  .regex(/^[a-z0-9*?]([a-z0-9.*?-]*[a-z0-9*?])?$/, 'must be a host name in lower case; * and ? match any characters');

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_DAYS = 365;

const whole = (unit: string, most: number) =>
  z.int('must be a whole number').min(1, 'must be at least 1').max(most, `must be at most ${most}`).meta({
    description: unit,
  });

/** Which archives of the metadata are kept. What is given is complete: the rest has its default. */
const retentionSchema = z
  .strictObject({
    allForHours: whole('Hours for which every archive is kept.', 24 * MOST_DAYS).default(
      DEFAULT_RETENTION.keepAllForMs / HOUR_MS,
    ),
    hourlyForHours: whole('Hours for which one archive an hour is kept.', 24 * MOST_DAYS).default(
      DEFAULT_RETENTION.hourlyForMs / HOUR_MS,
    ),
    dailyForDays: whole('Days for which one archive a day is kept.', MOST_DAYS).default(
      DEFAULT_RETENTION.dailyForMs / DAY_MS,
    ),
  })
  .prefault({});

/** A record that an earlier version wrote has none. */
export function retentionOf(spec: { readonly retention?: ClusterSpec['retention'] }): RetentionPolicy {
  const retention = retentionSchema.parse(spec.retention ?? {});
  return {
    keepAllForMs: retention.allForHours * HOUR_MS,
    hourlyForMs: retention.hourlyForHours * HOUR_MS,
    dailyForMs: retention.dailyForDays * DAY_MS,
  };
}

export const clusterSpecSchema = z
  .strictObject({
    name: clusterNameSchema,
    release: z
      .string()
      .default(DEFAULT_RELEASE)
      .refine(
        (release) => releaseProfile(release) !== undefined,
        `is not known; known releases: ${Object.keys(RELEASES).join(', ')}`,
      )
      .meta({ description: 'Milvus release.', example: DEFAULT_RELEASE }),
    metadata: z
      .strictObject({
        members: z
          .literal([1, 3, 5], 'must be 1, 3 or 5: etcd needs an odd number of members')
          .default(3)
          .meta({ description: 'etcd members. One is for trying out: it survives nothing.' }),
      })
      .prefault({}),
    retention: retentionSchema.meta({ description: 'Which archives of the metadata are kept.' }),
    activeStandby: z
      .boolean()
      .default(false)
      .meta({ description: 'Run two of each coordinator; the second takes over when the first ends.' }),
    roles: z
      .partialRecord(z.enum(ROLE_NAMES), roleSizeSchema)
      .default({})
      .meta({ description: 'Sizes that differ from the release profile, by role.' }),
    hosts: z
      .array(hostSchema)
      .max(3, 'must have at most 3 entries: a load balancer rule matches at most five values')
      .default([])
      .meta({
        description: 'Host names, beside `<name>.*`, under which the load balancer recognises the cluster.',
        example: ['vectors.example.com'],
      }),
    idle: idlePolicySchema.prefault({}).meta({ description: 'When it falls asleep by itself.' }),
  })
  .superRefine((spec, context) => {
    const profile = releaseProfile(spec.release);
    if (profile === undefined) return;
    for (const [role, size] of Object.entries(spec.roles)) {
      const known = profile.roles.find((candidate) => candidate.role === role);
      if (known === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['roles', role],
          message: `release ${spec.release} has no such role`,
        });
      } else if (known.layer === 'coordinator' && size.replicas !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['roles', role, 'replicas'],
          message: 'coordinators run once; ask for a second one with activeStandby',
        });
      }
    }
  })
  .meta({ id: 'ClusterSpec' });

export type ClusterSpec = z.infer<typeof clusterSpecSchema>;
