import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import {
  SERVICES,
  codec,
  methodDefinition,
  serviceDefinition,
  type ServiceName,
  type ServiceSpec,
} from '../../../functions/common/etcd/descriptor.ts';

const services = Object.entries(SERVICES as Readonly<Record<string, ServiceSpec>>);

describe('etcd API', () => {
  test.each(services)('every method of %s has its messages', (service, methods) => {
    for (const method of Object.keys(methods)) {
      const definition = methodDefinition(service as ServiceName, method);
      expect(definition.path).toBe(`/etcdserverpb.${service}/${method}`);
      expect(definition.requestDeserialize(definition.requestSerialize({}))).toBeInstanceOf(Object);
      expect(definition.responseDeserialize(definition.responseSerialize({}))).toBeInstanceOf(Object);
    }
    expect(Object.keys(serviceDefinition(service as ServiceName))).toEqual(Object.keys(methods));
  });

  test('only watches, keep-alives and snapshots stream', () => {
    const streaming = services.flatMap(([service, methods]) =>
      Object.keys(methods).filter((method) => methodDefinition(service as ServiceName, method).responseStream),
    );
    expect(streaming).toEqual(['Watch', 'LeaseKeepAlive', 'Snapshot']);
  });

  // Bytes as etcdctl sends them: a request that etcd understands today must stay the same.
  test.each([
    ['RangeRequest', { key: Buffer.from('a'), rangeEnd: Buffer.from('b'), limit: 10 }, '0a0161120162180a'],
    ['PutRequest', { key: Buffer.from('k'), value: Buffer.from('v'), lease: '7' }, '0a016b1201761807'],
    [
      'TxnRequest',
      { compare: [{ key: Buffer.from('k'), target: 'VERSION', result: 'EQUAL', version: 0 }] },
      // The zero is on the wire: it is the chosen side of a oneof.
      '0a0908001000' + '1a016b' + '2000',
    ],
    ['StatusResponse', { leader: '18446744073709551615' }, '20ffffffffffffffffff01'],
  ])('%s travels as etcd writes it', (name, message, hex) => {
    expect(codec(name).encode(message).toString('hex')).toBe(hex);
  });

  test('identifiers keep all their 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
        const member = codec('Member');
        expect(member.decode(member.encode({ ID: String(id) }))).toMatchObject({ ID: String(id) });
      }),
    );
  });

  test('keys and values come back as they were', () => {
    const kv = codec('mvccpb.KeyValue');
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (key, value) => {
        expect(kv.decode(kv.encode({ key, value }))).toMatchObject({
          key: Buffer.from(key),
          value: Buffer.from(value),
          lease: '0',
        });
      }),
    );
  });

  test('identifiers keep their bits in a bundled function too, which has no node_modules beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redkite-bundle-'));
    try {
      const entry = join(folder, 'entry.ts');
      const module = join(import.meta.dirname, '../../../functions/common/etcd/descriptor.ts');
      writeFileSync(
        entry,
        `import { codec } from ${JSON.stringify(module)};
         const member = codec('Member');
         console.log(member.decode(member.encode({ ID: '18446744073709551615' })).ID);`,
      );
      await build({
        entryPoints: [entry],
        outfile: join(folder, 'out/bundle.mjs'),
        bundle: true,
        platform: 'node',
        format: 'esm',
        banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
        nodePaths: [join(import.meta.dirname, '../../../node_modules')],
        logLevel: 'error',
      });
      expect(execFileSync(process.execPath, [join(folder, 'out/bundle.mjs')], { encoding: 'utf8' })).toBe(
        '18446744073709551615\n',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
