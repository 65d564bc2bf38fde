import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import DNS from 'dns2';
import { parseDiscovery } from '../../../../local/dns/answers.ts';
import { answers } from '../../../../local/dns/dns.ts';
import { openDnsServer, type DnsServer } from '../../../../local/dns/server.ts';

const { Packet } = DNS;
const NAME = 'etcd-0.demo.redkite.internal';
const addresses = Array.from({ length: 8 }, (_, index) => `10.89.1.${index + 2}`);
const discovery = (name = NAME) =>
  parseDiscovery({
    revision: 3,
    zones: [{ name: 'redkite.internal', negativeTtl: 4 }],
    records: [{ name, type: 'A', ttl: 9, addresses }],
  });

let server: DnsServer;
let upstream: Socket;
let upstreamAnswers: boolean;
const logged: string[] = [];

beforeEach(async () => {
  upstreamAnswers = true;
  upstream = createSocket('udp4');
  upstream.on('message', (query, from) => {
    if (!upstreamAnswers) return;
    const request = Packet.parse(query);
    const response = Packet.createResponseFromRequest(request);
    const name = request.questions[0]?.name ?? '';
    response.answers = [new Packet.Resource({ name, type: 1, class: 1, ttl: 60, address: '192.0.2.7' })];
    upstream.send(response.toBuffer(), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    upstream.bind(0, '127.0.0.1', resolve);
  });
  server = await openDnsServer({
    address: '127.0.0.1',
    port: 0,
    resolver: { address: '127.0.0.1', port: upstream.address().port },
    log: (message) => logged.push(message),
  });
});

afterEach(async () => {
  await server.close();
  upstream.close();
  expect(logged).toEqual([]);
});

function packet(name: string, type: number, edns?: number): Buffer {
  const request = new Packet();
  request.header.id = 4711;
  request.header.rd = 1;
  request.questions = [new Packet.Question(name, type, 1)];
  if (edns !== undefined) {
    const record = Packet.Resource.EDNS([]);
    record.class = edns;
    request.additionals = [record];
  }
  return request.toBuffer();
}

function overUdp(query: Buffer, port = server.udpPort): Promise<DNS.Packet> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.on('message', (message) => {
      socket.close();
      resolve(Packet.parse(message));
    });
    socket.send(query, port, '127.0.0.1');
  });
}

function overTcp(queries: readonly Buffer[]): Promise<DNS.Packet[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.tcpPort, '127.0.0.1');
    const answered: DNS.Packet[] = [];
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length > 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = received.readUInt16BE(0);
        answered.push(Packet.parse(received.subarray(2, 2 + length)));
        received = received.subarray(2 + length);
      }
      if (answered.length < queries.length) return;
      socket.end();
      resolve(answered);
    });
    for (const query of queries) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    }
  });
}

describe('before the first state', () => {
  test('asks to try again, and is not ready', async () => {
    expect((await overUdp(packet(NAME, 1))).header.rcode).toBe(2);
    expect(await answers('127.0.0.1', server.udpPort)).toBe(false);
  });
});

describe('with zones', () => {
  beforeEach(() => {
    server.setZones(discovery());
  });

  test('is ready', async () => {
    expect(await answers('127.0.0.1', server.udpPort)).toBe(true);
  });

  test('a stub resolver gets addresses and their TTL', async () => {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${server.udpPort}`]);
    const found = await resolver.resolve4(NAME.toUpperCase(), { ttl: true });
    expect(found.map(({ address }) => address).sort()).toEqual([...addresses].sort());
    expect(found[0]?.ttl).toBe(9);
    await expect(resolver.resolve6(NAME)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4(`x.${NAME}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('the question comes back letter by letter, and the answer is authoritative', async () => {
    const response = await overUdp(packet('eTcD-0.demo.REDKITE.internal', 1));
    expect(response.questions[0]?.name).toBe('eTcD-0.demo.REDKITE.internal');
    expect(response.header).toMatchObject({ id: 4711, qr: 1, aa: 1, rd: 1, ra: 1, rcode: 0 });
  });

  test('a negative answer carries the SOA whose minimum clients remember it for', async () => {
    const response = await overUdp(packet('none.redkite.internal', 1));
    expect(response.header.rcode).toBe(3);
    expect(response.authorities).toEqual([expect.objectContaining({ type: 6, ttl: 4, minimum: 4 })]);
  });

  test.each([512, 1_232, 4_096])('EDNS with %i bytes', async (size) => {
    const response = await overUdp(packet(NAME, 1, size));
    expect(response.header.rcode).toBe(0);
    expect(response.answers).toHaveLength(8);
    expect(response.additionals.map(({ type }) => type)).toEqual([41]);
  });

  test('without EDNS no EDNS comes back', async () => {
    expect((await overUdp(packet(NAME, 1))).additionals).toEqual([]);
  });

  test('several queries on one TCP connection', async () => {
    const responses = await overTcp([packet(NAME, 1), packet(NAME, 28), packet('none.redkite.internal', 1)]);
    expect(responses.map(({ header, answers: found }) => [header.rcode, found.length])).toEqual([
      [0, 8],
      [0, 0],
      [3, 0],
    ]);
  });

  test('a changed state shows at the next question', async () => {
    server.setZones(discovery('other.demo.redkite.internal'));
    expect((await overUdp(packet(NAME, 1))).header.rcode).toBe(3);
  });

  test('names elsewhere are asked of the machine’s resolver', async () => {
    const response = await overUdp(packet('example.com', 1, 1_232));
    expect(response.answers[0]?.address).toBe('192.0.2.7');
    expect(response.header.id).toBe(4711);
  });

  test('a resolver that is not there is a quick failure', async () => {
    upstream.close();
    upstream = createSocket('udp4');
    upstream.bind(0, '127.0.0.1');
    expect((await overUdp(packet('example.com', 1))).header.rcode).toBe(2);
  });

  test('garbage is survived', async () => {
    const socket = createSocket('udp4');
    await new Promise((resolve) => {
      socket.send(Buffer.from('not a question'), server.udpPort, '127.0.0.1', resolve);
    });
    socket.close();
    expect((await overUdp(packet(NAME, 1))).header.rcode).toBe(0);
  });
});

test('without a resolver other names are refused', async () => {
  const closed = await openDnsServer({ address: '127.0.0.1', port: 0, resolver: undefined, log: () => undefined });
  closed.setZones(discovery());
  expect((await overUdp(packet('example.com', 1), closed.udpPort)).header.rcode).toBe(5);
  await closed.close();
});
