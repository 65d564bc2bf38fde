/** The emulator's admin calls, by their contract and nothing else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { groupArn, stateOf, type ElbState } from './elbv2-state.ts';

export interface ReportedHealth {
  readonly targetGroupArn: string;
  readonly targets: readonly { id: string; port?: number; state: string; reason?: string; description?: string }[];
}

/** The admin calls, by their contract. */
export class FakeEmulator {
  revision = 1;
  state: ElbState = stateOf({});
  readonly reports: ReportedHealth[] = [];
  polls = 0;
  #server: Server;
  #waiting = new Set<() => void>();
  #watchers = new Set<() => void>();
  #port = 0;

  constructor() {
    this.#server = this.#create();
  }

  #create(): Server {
    return createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://emulator');
      if (request.method === 'POST') {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          this.reports.push(JSON.parse(text) as ReportedHealth);
          response.end('{}');
          for (const watcher of this.#watchers) watcher();
        });
        return;
      }
      this.polls += 1;
      const answer = () => {
        this.#waiting.delete(answer);
        clearTimeout(timer);
        response.end(JSON.stringify({ revision: this.revision, ...this.state }));
      };
      const timer = setTimeout(answer, Number(url.searchParams.get('timeout')) * 1_000);
      if (Number(url.searchParams.get('after')) === this.revision) this.#waiting.add(answer);
      else answer();
      request.on('close', () => {
        clearTimeout(timer);
      });
    });
  }

  async start(): Promise<void> {
    this.#port = await listen(this.#server, this.#port);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  set(state: ElbState): void {
    this.state = state;
    this.revision += 1;
    for (const answer of [...this.#waiting]) answer();
  }

  async stop(): Promise<void> {
    this.#waiting.clear();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async restart(): Promise<void> {
    this.#server = this.#create();
    await this.start();
  }

  /** Resolves once the newest report about the target says so. */
  reported(name: string, id: string, state: string, port?: number): Promise<ReportedHealth['targets'][number]> {
    const find = () =>
      this.reports
        .findLast(({ targetGroupArn }) => targetGroupArn === groupArn(name))
        ?.targets.find((target) => target.id === id && (port === undefined || target.port === port));
    return new Promise((resolve) => {
      const look = () => {
        const target = find();
        if (target?.state !== state) return;
        this.#watchers.delete(look);
        resolve(target);
      };
      this.#watchers.add(look);
      look();
    });
  }
}

export function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
