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
import { clusterListSchema, clusterViewSchema } from '../functions/common/http/cluster-view.ts';
import { PROBLEMS, type ProblemCode } from '../functions/common/http/problem.ts';
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

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status) as `${400 | 404 | 409 | 413 | 422 | 500 | 503}`,
      {
        description: ofStatus.map((code) => `${PROBLEMS[code].title} (\`${code}\`)`).join('; '),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}

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
            ...problems(
              'malformed_body',
              'invalid_request',
              'cluster_exists',
              'conflict',
              'body_too_large',
              'internal',
              'unavailable',
            ),
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
            ...problems('invalid_request', 'internal'),
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
            ...problems('invalid_request', 'cluster_not_found', 'conflict', 'internal', 'unavailable'),
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
            ...problems('cluster_not_found', 'internal'),
          },
        },
      },
      '/clusters/{name}/idle': {
        put: {
          operationId: 'setIdlePolicy',
          summary: 'Say when a cluster may fall asleep',
          description: 'Replaces the whole policy: what is left out takes its default.',
          requestParams: { path: z.object({ name: clusterNameSchema }) },
          requestBody: { required: true, content: json(idlePolicySchema) },
          responses: {
            '200': { description: 'The cluster with its new policy.', content: json(clusterViewSchema) },
            ...problems(
              'malformed_body',
              'invalid_request',
              'cluster_not_found',
              'conflict',
              'body_too_large',
              'internal',
            ),
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
