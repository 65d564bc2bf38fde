/** When a proxy that is being started answers a search right: what everything that is compared with a wake is held to. */
import { connect as connectTcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Entry } from '../../local/demo/prove.ts';
import { searchWith } from './collection.ts';

const LISTEN_LOOK_MS = 50;
/** Asking more often makes loading slower (measured, see the design). */
const SEARCH_LOOK_MS = 250;
const TIMEOUT_MS = 3 * 60_000;

/** `row` is one that the index finds (see findableRows); `listening` is told when the proxy takes connections. */
export async function answered(entry: Entry, row: number, listening: () => void = () => undefined): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  await listens(entry.address, deadline);
  listening();
  for (;;) {
    // A client that was refused when it connected stays refused.
    const client = connect(entry);
    try {
      await client.connectPromise;
      await searchWith(client, row);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    } finally {
      await client.closeConnection();
    }
    await pause(SEARCH_LOOK_MS);
  }
}

async function listens(address: string, deadline: number): Promise<void> {
  const [host = '', port = ''] = address.split(':');
  while (!(await accepts(host, Number(port)))) {
    if (Date.now() > deadline) throw new Error(`Nothing listens at ${address}.`);
    await pause(LISTEN_LOOK_MS);
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: 1_000 });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
    socket.once('timeout', end(false));
  });
}
