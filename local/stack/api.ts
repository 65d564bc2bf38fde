/** The HTTP API as a user calls it: requests signed with AWS Signature Version 4. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { clusterViewSchema, type ClusterView } from '../../functions/common/http/cluster-view.ts';
import type { LocalSettings } from '../settings.ts';
import { clientConfig } from './aws.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  /** As it goes over the wire; for trying out what is not JSON. */
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unsigned?: boolean;
}

export async function callApi(settings: LocalSettings, apiUrl: string, request: ApiRequest): Promise<ApiAnswer> {
  const url = new URL(`${apiUrl}${request.path}`);
  const body = request.rawBody ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const headers = {
    host: url.host,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
  const { region, credentials } = clientConfig(settings);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  const signed = request.unsigned
    ? { headers }
    : await signer.sign({
        method: request.method,
        protocol: url.protocol,
        hostname: url.hostname,
        port: Number(url.port),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers,
        body,
      });
  const response = await fetch(url, {
    method: request.method,
    headers: signed.headers,
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Undefined when there is no such cluster. */
export async function showCluster(
  settings: LocalSettings,
  apiUrl: string,
  name: string,
): Promise<ClusterView | undefined> {
  const { status, body } = await callApi(settings, apiUrl, { method: 'GET', path: `/clusters/${name}` });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET /clusters/${name} answered ${status}: ${JSON.stringify(body)}`);
  return clusterViewSchema.parse(body);
}
