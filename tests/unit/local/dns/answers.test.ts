import fc from 'fast-check';
import { RCODE, TYPE, answerFor, isReserved, parseDiscovery } from '../../../../local/dns/answers.ts';
import { resolverIn } from '../../../../local/dns/forward.ts';

const AAAA = 28;
const zones = parseDiscovery({
  revision: 7,
  zones: [
    { name: 'redkite.internal', negativeTtl: 5 },
    { name: 'Inner.redkite.internal.', negativeTtl: 1 },
  ],
  records: [
    { name: 'etcd-0.demo.redkite.internal', type: 'A', ttl: 10, addresses: ['10.89.1.2'] },
    { name: 'Metadata.demo.redkite.internal', type: 'A', ttl: 0, addresses: ['10.89.1.2', '10.89.1.3', '10.89.1.4'] },
    { name: 'empty.demo.redkite.internal', type: 'A', ttl: 10, addresses: [] },
  ],
});

describe('answerFor', () => {
  test.each([
    ['the record', 'etcd-0.demo.redkite.internal', TYPE.A, RCODE.NOERROR, ['10.89.1.2'], undefined],
    [
      'any letter case and a final dot',
      'ETCD-0.Demo.redkite.INTERNAL.',
      TYPE.A,
      RCODE.NOERROR,
      ['10.89.1.2'],
      undefined,
    ],
    [
      'the record, asked for anything',
      'etcd-0.demo.redkite.internal',
      TYPE.ANY,
      RCODE.NOERROR,
      ['10.89.1.2'],
      undefined,
    ],
    ['no IPv6 of a known name', 'etcd-0.demo.redkite.internal', AAAA, RCODE.NOERROR, [], 'redkite.internal'],
    ['a name with names below it', 'demo.redkite.internal', TYPE.A, RCODE.NOERROR, [], 'redkite.internal'],
    ['the zone itself', 'redkite.internal', TYPE.A, RCODE.NOERROR, [], 'redkite.internal'],
    ['a name without instances', 'empty.demo.redkite.internal', TYPE.A, RCODE.NOERROR, [], 'redkite.internal'],
    ['an unknown name', 'etcd-9.demo.redkite.internal', TYPE.A, RCODE.NXDOMAIN, [], 'redkite.internal'],
    ['an unknown name, IPv6', 'etcd-9.demo.redkite.internal', AAAA, RCODE.NXDOMAIN, [], 'redkite.internal'],
    ['the innermost zone', 'x.inner.redkite.internal', TYPE.A, RCODE.NXDOMAIN, [], 'inner.redkite.internal'],
  ])('%s', (_what, name, type, rcode, addresses, soa) => {
    const answer = answerFor(zones, { name, type }, 0);
    expect(answer).toMatchObject({ rcode, addresses });
    expect(answer?.soa?.name).toBe(soa);
    expect(answer?.soa?.asked ?? false).toBe(false);
  });

  test.each(['example.com', 'internal', 'notredkite.internal', ''])('%j is in none of our zones', (name) => {
    expect(answerFor(zones, { name, type: TYPE.A }, 0)).toBeUndefined();
  });

  test('a TTL of 0 stays 0, and a negative answer has the zone’s', () => {
    expect(answerFor(zones, { name: 'metadata.demo.redkite.internal', type: TYPE.A }, 0)?.ttl).toBe(0);
    expect(answerFor(zones, { name: 'none.redkite.internal', type: TYPE.A }, 0)?.ttl).toBe(5);
  });

  test('the SOA of a zone is an answer when it is asked for', () => {
    expect(answerFor(zones, { name: 'redkite.internal', type: TYPE.SOA }, 0)?.soa?.asked).toBe(true);
  });

  test('several addresses take turns at the front, and none is lost', () => {
    const first = [0, 1, 2, 3].map(
      (turn) => answerFor(zones, { name: 'metadata.demo.redkite.internal', type: TYPE.A }, turn)?.addresses[0],
    );
    expect(first).toEqual(['10.89.1.2', '10.89.1.3', '10.89.1.4', '10.89.1.2']);
    fc.assert(
      fc.property(fc.nat(), (turn) => {
        const { addresses } = answerFor(zones, { name: 'metadata.demo.redkite.internal', type: TYPE.A }, turn) ?? {};
        expect([...(addresses ?? [])].sort()).toEqual(['10.89.1.2', '10.89.1.3', '10.89.1.4']);
      }),
    );
  });

  test('no more than eight addresses, as Route 53', () => {
    const addresses = Array.from({ length: 20 }, (_, index) => `10.0.0.${index}`);
    const many = parseDiscovery({
      revision: 1,
      zones: [{ name: 'z', negativeTtl: 1 }],
      records: [{ name: 'a.z', type: 'A', ttl: 1, addresses }],
    });
    expect(answerFor(many, { name: 'a.z', type: TYPE.A }, 17)?.addresses).toHaveLength(8);
  });
});

test.each([
  ['ready.invalid', true],
  ['INVALID.', true],
  ['notinvalid', false],
  ['invalid.example', false],
])('%s reserved: %s', (name, expected) => {
  expect(isReserved(name)).toBe(expected);
});

test.each([
  ['# nothing\n', undefined],
  ['search x\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n', '192.0.2.1'],
  ['nameserver 10.89.1.1\n nameserver 192.0.2.2 # second', '192.0.2.2'],
  ['nameserver not-an-address', undefined],
  ['nameserver fe80::1', 'fe80::1'],
])('the resolver in %j is %s', (configuration, address) => {
  expect(resolverIn(configuration, '10.89.1.1')?.address).toBe(address);
});
