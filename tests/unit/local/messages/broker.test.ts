import { bootstrapServers, serverProperties } from '../../../../local/messages/broker.ts';
import { settingsForSlot } from '../../../../local/settings.ts';

const settings = settingsForSlot(3, '/copy');
const properties = new Map(
  serverProperties(settings)
    .trimEnd()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

test('clients are told the address that the certificate names', () => {
  expect(bootstrapServers(settings)).toBe('10.89.4.250:9096');
  expect(properties.get('advertised.listeners')).toContain('CLIENTS://10.89.4.250:9096');
});

test('whatever the network can reach demands TLS and SCRAM', () => {
  const protocols = new Map(
    properties
      .get('listener.security.protocol.map')
      ?.split(',')
      .map((entry) => entry.split(':') as [string, string]),
  );
  const open = properties
    .get('listeners')
    ?.split(',')
    .map(
      (listener) =>
        new URL(listener.replace(/^[A-Z]+/, 'http')).hostname +
        ' ' +
        (protocols.get(listener.split(':')[0] ?? '') ?? ''),
    )
    .filter((listener) => !listener.startsWith('127.0.0.1 '));
  expect(open).toEqual(['10.89.4.250 SASL_SSL']);
  expect(properties.get('sasl.enabled.mechanisms')).toBe('SCRAM-SHA-512');
});

test.each([
  ['message.max.bytes', '10485880'],
  ['replica.fetch.max.bytes', '20971760'],
  ['auto.create.topics.enable', 'true'],
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['default.replication.factor', '1'],
])('%s is %s', (key, value) => {
  expect(properties.get(key)).toBe(value);
});
