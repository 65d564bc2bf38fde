/** The process of the local DNS: `main.ts <address> <emulator's origin>`. Started by dns.ts. */
import { messageOf, watchEmulator } from '../emulator-watch.ts';
import { parseDiscovery } from './answers.ts';
import { machineResolver } from './forward.ts';
import { openDnsServer } from './server.ts';

const DNS_PORT = 53;

const log = (message: string) => {
  console.log(`${new Date().toISOString()} ${message}`);
};

const [address, origin] = process.argv.slice(2);
if (address === undefined || origin === undefined) throw new Error('Usage: main.ts <address> <emulator origin>');

const resolver = machineResolver(address);
const server = await openDnsServer({ address, port: DNS_PORT, resolver, log }).catch((error: unknown) => {
  throw new Error(
    `Cannot listen on ${address}:${DNS_PORT}: ${messageOf(error)}. The container network's bridge must be up, and nothing ` +
      'else may listen there.',
  );
});
log(`Answering on ${address}:${DNS_PORT}; other names are ${resolver ? `asked of ${resolver.address}` : 'refused'}.`);
const watch = watchEmulator({
  origin,
  path: '/_redkite/discovery',
  parse: parseDiscovery,
  onState: (zones) => {
    server.setZones(zones);
    log(`Revision ${zones.revision}: ${zones.zones.size} zones, ${zones.records.size} names.`);
  },
  log,
});

process.once('SIGTERM', () => {
  void Promise.all([watch.stop(), server.close()]).then(() => process.exit(0));
});
