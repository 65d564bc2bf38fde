/**
 * What the private zones answer: pure, so that every rule is a line in a table of tests.
 *
 * Stands in for Route 53's private hosted zones, which Cloud Map fills. The difference between "no such name" and "no
 * record of this type" matters: musl's resolver takes NXDOMAIN on AAAA for the whole name and forgets the A record.
 */
import { z } from 'zod';

export const RCODE = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export const TYPE = { A: 1, SOA: 6, ANY: 255 } as const;

/** Route 53 returns up to eight healthy records of a multivalue answer. */
const MOST_ADDRESSES = 8;

const discoverySchema = z.object({
  revision: z.number().int(),
  records: z.array(
    z.object({
      name: z.string(),
      type: z.literal('A'),
      ttl: z.number().int().nonnegative(),
      addresses: z.array(z.ipv4()),
    }),
  ),
  zones: z.array(z.object({ name: z.string(), negativeTtl: z.number().int().nonnegative() })),
});

interface Zone {
  readonly name: string;
  readonly negativeTtl: number;
}

interface AddressRecord {
  readonly ttl: number;
  readonly addresses: readonly string[];
}

export interface Zones {
  readonly revision: number;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly records: ReadonlyMap<string, AddressRecord>;
  /** Names with records below them exist, though they have none of their own (RFC 8020). */
  readonly existing: ReadonlySet<string>;
}

export interface Question {
  readonly name: string;
  readonly type: number;
}

export interface Answer {
  readonly rcode: number;
  readonly addresses: readonly string[];
  readonly ttl: number;
  /** Goes to the authority section of a negative answer, or to the answer section when it was asked for. */
  readonly soa?: Zone & { readonly asked: boolean };
}

const normal = (name: string) => name.toLowerCase().replace(/\.$/, '');
const parentOf = (name: string) => (name.includes('.') ? name.slice(name.indexOf('.') + 1) : undefined);

export function parseDiscovery(answer: unknown): Zones {
  const { revision, records, zones } = discoverySchema.parse(answer);
  const byName = new Map(zones.map((zone) => [normal(zone.name), { ...zone, name: normal(zone.name) }]));
  const existing = new Set(byName.keys());
  for (const record of records) {
    for (let name: string | undefined = normal(record.name); name !== undefined; name = parentOf(name))
      existing.add(name);
  }
  return {
    revision,
    zones: byName,
    records: new Map(records.map(({ name, ttl, addresses }) => [normal(name), { ttl, addresses }])),
    existing,
  };
}

/** Names that can never exist (RFC 6761): answered here. Also how readiness is asked for, whatever lies behind us. */
export function isReserved(name: string): boolean {
  return /(^|\.)invalid$/.test(normal(name));
}

/** The most specific of our zones that holds the name. */
function zoneOf(zones: Zones, name: string): Zone | undefined {
  for (let suffix: string | undefined = name; suffix !== undefined; suffix = parentOf(suffix)) {
    const zone = zones.zones.get(suffix);
    if (zone !== undefined) return zone;
  }
  return undefined;
}

function rotated<T>(values: readonly T[], by: number): T[] {
  const start = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(start), ...values.slice(0, start)];
}

/** Undefined: the name is in none of our zones. `turn` moves the order of several addresses. */
export function answerFor(zones: Zones, question: Question, turn: number): Answer | undefined {
  const name = normal(question.name);
  const zone = zoneOf(zones, name);
  if (zone === undefined) return undefined;
  const record = zones.records.get(name);
  if (record !== undefined && record.addresses.length > 0 && (question.type === TYPE.A || question.type === TYPE.ANY)) {
    return {
      rcode: RCODE.NOERROR,
      addresses: rotated(record.addresses, turn).slice(0, MOST_ADDRESSES),
      ttl: record.ttl,
    };
  }
  const asked = question.type === TYPE.SOA && name === zone.name;
  const rcode = zones.existing.has(name) ? RCODE.NOERROR : RCODE.NXDOMAIN;
  return { rcode, addresses: [], ttl: zone.negativeTtl, soa: { ...zone, asked } };
}
