/**
 * The sockets of the local DNS: UDP and TCP on one address. The library reads and writes packets (compression, EDNS sizes,
 * truncation, several queries on a TCP connection); what is answered comes from answers.ts.
 */
import type { AddressInfo } from 'node:net';
import DNS from 'dns2';
import { messageOf } from '../emulator-watch.ts';
import { RCODE, TYPE, answerFor, isReserved, type Answer, type Question, type Zones } from './answers.ts';
import { askResolver, type Resolver } from './forward.ts';

export interface DnsServerOptions {
  readonly address: string;
  /** 0 in tests: any free port, which may differ between UDP and TCP. */
  readonly port: number;
  readonly resolver: Resolver | undefined;
  readonly log: (message: string) => void;
}

export interface DnsServer {
  readonly udpPort: number;
  readonly tcpPort: number;
  setZones(zones: Zones): void;
  close(): Promise<void>;
}

const { Packet } = DNS;
const CLASS_IN = 1;
const OPCODE_QUERY = 0;
/** What DNS Flag Day 2020 asks servers to say. */
const UDP_PAYLOAD = 1_232;
/** Each waits 3 s at most; more at once than this means that a container is running wild. */
const MOST_FORWARDED = 500;

function soaRecord(name: string, zone: NonNullable<Answer['soa']>, serial: number): DNS.Packet.Resource {
  return new Packet.Resource({
    name,
    type: TYPE.SOA,
    class: CLASS_IN,
    // A negative answer lives for the smaller of the record's TTL and its minimum (RFC 2308): both are the zone's.
    ttl: zone.negativeTtl,
    primary: `ns.${zone.name}`,
    admin: `hostmaster.${zone.name}`,
    serial,
    refresh: 7_200,
    retry: 900,
    expiration: 1_209_600,
    minimum: zone.negativeTtl,
  });
}

function respond(request: DNS.Packet, rcode: number): DNS.Packet {
  const response = new Packet();
  response.header.id = request.header.id;
  response.header.qr = 1;
  response.header.opcode = request.header.opcode;
  response.header.rd = request.header.rd;
  response.header.ra = 1;
  response.header.rcode = rcode;
  // As it was asked, letter by letter: resolvers compare it (0x20 encoding).
  response.questions = request.questions.slice();
  if (request.additionals.some(({ type }) => type === Packet.TYPE.EDNS)) {
    response.additionals = [new Packet.Resource({ name: '', type: Packet.TYPE.EDNS, class: UDP_PAYLOAD, ttl: 0 })];
    Object.assign(response.additionals[0] ?? {}, { rdata: [] });
  }
  return response;
}

function respondFromZones(request: DNS.Packet, question: Question, answer: Answer, serial: number): DNS.Packet {
  const response = respond(request, answer.rcode);
  response.header.aa = 1;
  response.answers = answer.addresses.map(
    (address) => new Packet.Resource({ name: question.name, type: TYPE.A, class: CLASS_IN, ttl: answer.ttl, address }),
  );
  if (answer.soa !== undefined) {
    const record = soaRecord(answer.soa.asked ? question.name : answer.soa.name, answer.soa, serial);
    if (answer.soa.asked) response.answers.push(record);
    else response.authorities.push(record);
  }
  return response;
}

export async function openDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { address, port, resolver, log } = options;
  let zones: Zones | undefined;
  let turn = 0;
  let forwarding = 0;

  async function answer(request: DNS.Packet): Promise<DNS.Packet | Buffer> {
    const question = request.questions[0];
    if (request.header.opcode !== OPCODE_QUERY || question === undefined) return respond(request, RCODE.NOTIMP);
    // Before the first state "no such name" would be a lie that clients remember; after SERVFAIL they ask again.
    if (zones === undefined) return respond(request, RCODE.SERVFAIL);
    if (isReserved(question.name)) return respond(request, RCODE.NXDOMAIN);
    turn += 1;
    const known = answerFor(zones, question, turn);
    if (known !== undefined) return respondFromZones(request, question, known, zones.revision);
    if (resolver === undefined || forwarding >= MOST_FORWARDED) return respond(request, RCODE.REFUSED);
    forwarding += 1;
    try {
      return await askResolver(resolver, request.toBuffer());
    } catch {
      // Not logged: containers look up telemetry hosts all day, and the machine's resolver may lead nowhere.
      return respond(request, RCODE.SERVFAIL);
    } finally {
      forwarding -= 1;
    }
  }

  const handle: DNS.DnsHandler = (request, send) => {
    // An answer is no question: replying to it would make two servers talk forever.
    if (request.header.qr === 1) return;
    answer(request)
      .then(send)
      .catch((error: unknown) => {
        log(`No answer could be sent: ${messageOf(error)}`);
      });
  };

  const udp = DNS.createUDPServer({ type: 'udp4' });
  const tcp = DNS.createTCPServer();
  for (const server of [udp, tcp]) server.on('request', handle);
  // A datagram that is no DNS, or a reset connection: nobody is there to be told.
  for (const server of [udp, tcp]) server.on('requestError', () => undefined);
  const connections = new Set<{ destroy(): void }>();
  tcp.on('connection', (socket: { destroy(): void; on(event: 'close', listener: () => void): void }) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, address, resolve);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(port, address, resolve);
    });
  } catch (error) {
    udp.close();
    throw error;
  }
  for (const server of [udp, tcp]) {
    server.on('error', (error: unknown) => {
      log(`Socket error: ${messageOf(error)}`);
    });
  }
  return {
    udpPort: udp.address().port,
    tcpPort: (tcp.address() as AddressInfo).port,
    setZones(next) {
      zones = next;
    },
    async close() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => {
          udp.close(resolve);
        }),
        new Promise<void>((resolve) => {
          tcp.close(() => {
            resolve();
          });
        }),
      ]);
    },
  };
}
