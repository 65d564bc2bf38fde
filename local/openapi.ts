/**
 * docs/openapi.json: the API as an OpenAPI 3.1 document, made from the very schemas that check requests. `--check` fails
 * when the file is not what the schemas say now.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createDocument } from 'zod-openapi';
import { ACTIONS } from '../functions/act-on-cluster/decide.ts';
import { clusterNameSchema, clusterSpecSchema } from '../functions/common/cluster/spec.ts';
import { archiveListSchema, archiveViewSchema } from '../functions/common/http/archive-view.ts';
import { executionViewSchema } from '../functions/common/http/execution.ts';
import { restoreRequestSchema } from '../functions/restore-cluster/request.ts';
import { MONTH } from '../functions/common/cost/hours.ts';
import { clusterListSchema, clusterViewSchema } from '../functions/common/http/cluster-view.ts';
import { costViewSchema } from '../functions/common/http/cost-view.ts';
import { PROBLEMS, problemFacts, type ProblemCode } from '../functions/common/http/problem.ts';
import { idlePolicySchema } from '../functions/common/idle/policy.ts';
import { say } from './report.ts';
import type { LocalSettings } from './settings.ts';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details; `code` is stable.' });

const namePath = z.object({ name: clusterNameSchema });
const archivePath = namePath.extend({ archive: z.string() });
const idempotency = z.object({
  'Idempotency-Key': z.string().max(128).optional().meta({
    description:
      'A request sent again with the same key gets the answer of the first one; without it, within a minute.',
  }),
});

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

/** Of every operation: it may fail, and AWS may not answer. */
const ALWAYS = ['internal', 'unavailable'] as const satisfies ProblemCode[];

function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy([...codes, ...ALWAYS], (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status) as `${400 | 404 | 409 | 413 | 422 | 500 | 503}`,
      {
        description: ofStatus.map((code) => `${PROBLEMS[code].title} (\`${code}\`)`).join('; '),
        ...retryAfter(ofStatus),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}

/** The header of an answer that says when to send the same request again. */
function retryAfter(codes: readonly ProblemCode[]) {
  const [example] = codes.map((code) => problemFacts(code).retryAfter).filter((seconds) => seconds !== undefined);
  if (example === undefined) return {};
  const description = 'Seconds after which the same request may be sent again.';
  return { headers: { 'Retry-After': { description, schema: { type: 'integer' }, example } } } as const;
}

/** An execution that was started and followed for as long as a request may take. */
const followed = {
  '200': { description: 'It has ended; look at its status.', content: json(executionViewSchema) },
  '202': { description: 'It still runs; read its result from `location`.', content: json(executionViewSchema) },
};

export function openapiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Redkite',
      version: '0.1.0',
      description: 'Milvus clusters on AWS without Kubernetes. Requests are signed with AWS Signature Version 4.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ sigv4: [] }],
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          description: 'AWS Signature Version 4, service execute-api',
        },
      },
    },
    paths: {
      '/clusters': {
        post: {
          operationId: 'createCluster',
          summary: 'Create a Milvus cluster',
          requestParams: {
            header: z.object({
              'Idempotency-Key': z
                .string()
                .max(128)
                .optional()
                .meta({ description: 'A request sent again with the same key gets the answer of the first one.' }),
            }),
          },
          requestBody: { required: true, content: json(clusterSpecSchema) },
          responses: {
            '202': { description: 'The cluster is being created; follow its phase.', content: json(clusterViewSchema) },
            ...problems('malformed_body', 'invalid_request', 'cluster_exists', 'conflict', 'body_too_large'),
          },
        },
        get: {
          operationId: 'listClusters',
          summary: 'List clusters by name',
          requestParams: {
            query: z.object({
              limit: z.int().min(1).max(100).default(50),
              after: clusterNameSchema.optional(),
            }),
          },
          responses: {
            '200': { description: 'A page of clusters.', content: json(clusterListSchema) },
            ...problems('invalid_request'),
          },
        },
      },
      '/clusters/{name}/actions/{action}': {
        post: {
          operationId: 'actOnCluster',
          summary: 'Put a cluster to sleep, or wake it',
          description:
            'Asked again, the answer is the same operation. A wake that is asked for while the cluster falls asleep turns the ' +
            'sleep round where that is still possible; else the cluster wakes right after.',
          requestParams: { path: z.object({ name: clusterNameSchema, action: z.enum(ACTIONS) }) },
          responses: {
            '200': { description: 'It is asleep, or awake, already.', content: json(clusterViewSchema) },
            '202': {
              description: 'The execution `operation` is under way; follow the phase.',
              content: json(clusterViewSchema),
            },
            ...problems('invalid_request', 'cluster_not_found', 'conflict'),
          },
        },
      },
      '/clusters/{name}': {
        get: {
          operationId: 'showCluster',
          summary: 'Show a cluster with its phase and conditions',
          requestParams: { path: z.object({ name: clusterNameSchema }) },
          responses: {
            '200': { description: 'The cluster.', content: json(clusterViewSchema) },
            ...problems('cluster_not_found'),
          },
        },
      },
      '/clusters/{name}/cost': {
        get: {
          operationId: 'showCost',
          summary: 'Show what a cluster costs: a month awake, a month asleep, and a month as it was',
          description:
            'Estimates by list prices (docs/cost.md), not a bill. Hours in each phase are kept for thirteen months.',
          requestParams: {
            path: namePath,
            query: z.object({
              month: z
                .string()
                .regex(MONTH)
                .optional()
                .meta({ description: 'Such as 2026-11 (UTC); the present one by default.' }),
            }),
          },
          responses: {
            '200': { description: 'The cost.', content: json(costViewSchema) },
            ...problems('cluster_not_found', 'invalid_request', 'prices_unusable'),
          },
        },
      },
      '/clusters/{name}/archives': {
        get: {
          operationId: 'listArchives',
          summary: 'List the archives of the metadata of a cluster, newest first',
          requestParams: {
            path: namePath,
            query: z.object({ limit: z.int().min(1).max(100).default(50), before: z.string().optional() }),
          },
          responses: {
            '200': { description: 'A page of archives.', content: json(archiveListSchema) },
            ...problems('cluster_not_found', 'invalid_request'),
          },
        },
        post: {
          operationId: 'takeArchive',
          summary: 'Take an archive now, after Milvus has flushed',
          requestParams: { path: namePath, header: idempotency },
          responses: {
            ...followed,
            ...problems('cluster_not_found', 'wrong_phase', 'invalid_request'),
          },
        },
      },
      '/clusters/{name}/archives/compare': {
        get: {
          operationId: 'compareArchives',
          summary: 'Count and name the keys that differ between two archives; values are never shown',
          requestParams: { path: namePath, query: z.object({ from: z.string(), to: z.string() }) },
          responses: {
            ...followed,
            ...problems('cluster_not_found', 'archive_not_found', 'invalid_request'),
          },
        },
      },
      '/clusters/{name}/archives/{archive}': {
        get: {
          operationId: 'showArchive',
          summary: 'Show an archive',
          requestParams: { path: archivePath },
          responses: {
            '200': { description: 'The archive.', content: json(archiveViewSchema) },
            ...problems('cluster_not_found', 'archive_not_found', 'archive_unusable'),
          },
        },
      },
      '/clusters/{name}/archives/{archive}/verify': {
        post: {
          operationId: 'verifyArchive',
          summary: 'Read an archive through and say whether it is whole',
          requestParams: { path: archivePath, header: idempotency },
          responses: {
            ...followed,
            ...problems('cluster_not_found', 'archive_not_found', 'invalid_request'),
          },
        },
      },
      '/clusters/{name}/actions/restore': {
        post: {
          operationId: 'restoreCluster',
          summary: 'Go back to an archive or to a moment; with dryRun only tell what would be lost',
          requestParams: { path: namePath, header: idempotency },
          requestBody: { required: true, content: json(restoreRequestSchema) },
          responses: {
            ...followed,
            ...problems('malformed_body', 'invalid_request', 'cluster_not_found', 'wrong_phase', 'body_too_large'),
          },
        },
      },
      '/clusters/{name}/executions/{execution}': {
        get: {
          operationId: 'showExecution',
          summary: 'Show what came of a request that takes longer than a request may',
          requestParams: { path: namePath.extend({ execution: z.string() }) },
          responses: {
            '200': {
              description: 'The execution, with its result once there is one.',
              content: json(executionViewSchema),
            },
            ...problems('execution_not_found'),
          },
        },
      },
      '/clusters/{name}/idle': {
        put: {
          operationId: 'setIdlePolicy',
          summary: 'Say when a cluster may fall asleep',
          description: 'Replaces the whole policy: what is left out takes its default.',
          requestParams: { path: namePath },
          requestBody: { required: true, content: json(idlePolicySchema) },
          responses: {
            '200': { description: 'The cluster with its new policy.', content: json(clusterViewSchema) },
            ...problems('malformed_body', 'invalid_request', 'cluster_not_found', 'conflict', 'body_too_large'),
          },
        },
      },
    },
  });
}

export function openapi(settings: LocalSettings, args: readonly string[]): Promise<boolean> {
  const file = join(settings.root, 'docs', 'openapi.json');
  const text = `${JSON.stringify(openapiDocument(), null, 2)}\n`;
  if (args.includes('--check')) {
    const same = readFileSync(file, 'utf8') === text;
    if (!same) say('docs/openapi.json is not what the schemas say. Run `npm run openapi` and commit the result.');
    return Promise.resolve(same);
  }
  writeFileSync(file, text);
  say('docs/openapi.json is written.');
  return Promise.resolve(true);
}
