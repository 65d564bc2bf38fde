/**
 * A registry that can be pulled from: the OCI distribution API over an image layout, as `podman push ... oci:<folder>`
 * writes it, on loopback. Every repository and tag is the one image of its layout.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}

export interface Registry {
  readonly address: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function startRegistry(layout: string, tls: { key?: string; cert?: string }): Promise<Registry> {
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Index;
  const [manifest] = manifests;
  if (manifest === undefined) throw new Error(`${layout} has no image.`);
  const asked: string[] = [];
  const blob = (digest: string) => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
  const server = createServer(tls, (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const [, kind, reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    if (kind === undefined) {
      response.writeHead(path === '/v2/' ? 200 : 404).end();
      return;
    }
    const digest = kind === 'manifests' && !reference.startsWith('sha256:') ? manifest.digest : reference;
    const type = kind === 'manifests' ? manifest.mediaType : 'application/octet-stream';
    const body = blob(digest);
    response.writeHead(200, { 'content-type': type, 'content-length': body.length, 'docker-content-digest': digest });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
