/** The emulator's means to count and to harm what functions call (its gap functions.api_faults). */
import { z } from 'zod';
import type { LocalSettings } from '../../local/settings.ts';
import type { Call, FaultCase } from './calls.ts';

const callsSchema = z.object({
  calls: z.array(z.object({ function: z.string(), service: z.string(), operation: z.string(), nth: z.int() })),
});
const hitsSchema = z.object({ hits: z.int() });

export class Injector {
  private readonly url: string;
  private readonly prefix: string;

  constructor({ ports, stage }: Pick<LocalSettings, 'ports' | 'stage'>) {
    this.url = `http://127.0.0.1:${ports.emulator}/_redkite/`;
    this.prefix = `redkite-${stage}-`;
  }

  /** What functions call while `work` goes on. */
  async recorded(work: () => Promise<void>): Promise<Call[]> {
    await this.ask('POST', 'api-calls', { record: true });
    try {
      await work();
    } finally {
      await this.ask('POST', 'api-calls', { record: false });
    }
    const { calls } = callsSchema.parse(await this.ask('GET', 'api-calls'));
    return calls.map((call) => ({ ...call, function: call.function.replace(this.prefix, '') }));
  }

  /** Resolves to how many attempts were hit while `work` went on; 0: it never came to that call. */
  async harmed({ function: name, ...of }: FaultCase, work: () => Promise<void>): Promise<number> {
    await this.ask('POST', 'api-faults', { ...of, function: `${this.prefix}${name}` });
    try {
      await work();
      return hitsSchema.parse(await this.ask('GET', 'api-faults')).hits;
    } finally {
      await this.ask('POST', 'api-faults', {});
    }
  }

  private async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }
}
