/** How many brokers may be away before a cluster cannot be created or woken, and that silence and refusal are told. */
import { createServer, type AddressInfo } from 'node:net';
import { checkMessaging, judgeBrokers } from '../../../functions/check-messaging/check.ts';

const answers = (...failures: readonly (string | undefined)[]) =>
  failures.map((failure, n) => ({ broker: `b-${n}:9096`, failure }));

test('all there', () => {
  expect(judgeBrokers(answers(undefined, undefined, undefined))).toEqual({ ready: true, away: [] });
});

test('one of three that is being patched holds nothing up, and is named', () => {
  expect(judgeBrokers(answers(undefined, 'ECONNREFUSED', undefined))).toEqual({
    ready: true,
    away: ['b-1:9096: ECONNREFUSED'],
  });
});

test.each([[['a', 'b', undefined]], [['a']], [['a', undefined]], [['a', 'b', 'c']]])(
  'with %j nothing can be written',
  (failures) => {
    expect(() => judgeBrokers(answers(...failures))).toThrow(/^Kafka brokers cannot be reached: b-0:9096: a/u);
  },
);

test('a broker that says nothing, and one that is not there, are told apart', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const asked = checkMessaging([`127.0.0.1:${port}`, '127.0.0.1:1'], 200);
  await expect(asked).rejects.toMatchObject({
    name: 'MessagingUnreachable',
    message: expect.stringMatching(/no answer within 200 ms; 127\.0\.0\.1:1: .*ECONNREFUSED/u) as string,
  });
  silent.close();
});
