/** Clients of pymilvus, in one process of its own (client.py). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Entry } from '../../../local/demo/prove.ts';
import { vectorOf } from '../rows.ts';
import type { TestClient } from './client.ts';

/** pymilvus' own option, in place of its 10 s: many that connect at once share the machine with a cluster that wakes. */
const CONNECT_SECONDS = 60;

const saidSchema = z.union([
  z.object({ number: z.int(), error: z.string() }),
  z.object({ number: z.int(), value: z.unknown() }),
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface PythonClients {
  client(): TestClient;
  stop(): Promise<void>;
}

/** `python`: an interpreter that has pymilvus. */
export function startPythonClients(python: string, { address, authorityFile }: Entry): PythonClients {
  const [host = '', port = ''] = address.split(':');
  const script = join(import.meta.dirname, 'client.py');
  const child = spawn(python, ['-W', 'ignore', script, host, port, authorityFile ?? '', String(CONNECT_SECONDS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, Waiting>();
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values()) reject(new Error('The process of the Python clients has ended.'));
    waiting.clear();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = saidSchema.parse(JSON.parse(line));
    const asked = waiting.get(said.number);
    waiting.delete(said.number);
    if ('error' in said) asked?.reject(new Error(said.error));
    else asked?.resolve(said.value);
  });
  let commands = 0;
  let clients = 0;
  const ask = (command: object): Promise<unknown> => {
    const number = (commands += 1);
    return new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ number, ...command })}\n`);
    });
  };
  return {
    client() {
      const client = `client-${(clients += 1)}`;
      const work = (operation: 'search' | 'insert', collection: string, ids: readonly number[]) =>
        ask({ client, operation, collection, ids, vectors: ids.map(vectorOf) });
      return {
        kind: 'python',
        search: async (collection, id) => {
          const [found] = z.array(z.int().nullable()).parse(await work('search', collection, [id]));
          return found ?? undefined;
        },
        insert: async (collection, ids) => {
          expect(await work('insert', collection, ids)).toBe(ids.length);
        },
        close: async () => {
          await ask({ client, operation: 'close' });
        },
      };
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
