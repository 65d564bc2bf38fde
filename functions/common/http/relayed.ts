/** Between hold-request and relay-request: a request on its way to Milvus, and what came of it. */
import { z } from 'zod';
import { clusterNameSchema } from '../cluster/spec.ts';

const headers = z.array(z.tuple([z.string(), z.string()]));

export const relayRequestSchema = z.object({
  cluster: clusterNameSchema,
  method: z.string(),
  /** Path and query, as they were sent. */
  target: z.string(),
  headers,
  body: z.string(),
  isBase64Encoded: z.boolean(),
});

export type RelayRequest = z.infer<typeof relayRequestSchema>;

export const relayResultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answer'), status: z.int(), headers, /** In base64. */ body: z.string() }),
  /** Milvus has answered with more than a load balancer takes from a function. */
  z.object({ kind: z.literal('too-large') }),
  /** No proxy was reached, so nothing was asked of Milvus: it may be asked again. */
  z.object({ kind: z.literal('unreachable'), reason: z.string() }),
  /** The connection broke, or time ran out, after the request was sent: nobody knows what was done. */
  z.object({ kind: z.literal('broken'), reason: z.string() }),
]);

export type RelayResult = z.infer<typeof relayResultSchema>;

/** Of the whole answer of a function to a load balancer, its JSON and base64 included. */
export const MOST_ANSWER_BYTES = 1024 * 1024;

/** Headers of one connection (RFC 9110 section 7.6.1): each hop has its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What travels on: neither the connection's own headers, nor those that `Connection` names. */
export function endToEnd(pairs: readonly (readonly [string, string])[]): [string, string][] {
  const named = new Set(
    pairs
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase())),
  );
  return pairs
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
    .map(([name, value]) => [name, value]);
}
