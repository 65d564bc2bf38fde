/**
 * Looks for the metadata all the time, as Milvus does, and counts the keys that it finds there. Whoever finds a quorum must
 * find all of it: a restore that is under way, or that died, is to be found by nobody.
 */
import { countKeys, type Quorum } from './quorum.ts';

const PAUSE_MS = 50;

export class Reader {
  private readonly quorum: Quorum;
  private readonly prefix: string;
  private readonly counts = new Set<number>();
  private stopped = false;
  private done: Promise<void> = Promise.resolve();

  /** `prefix`: of keys that nobody writes or removes meanwhile. */
  constructor(quorum: Quorum, prefix: string) {
    this.quorum = quorum;
    this.prefix = prefix;
  }

  start(): void {
    this.done = this.read();
  }

  /** Each number of keys that was seen. */
  async stop(): Promise<number[]> {
    this.stopped = true;
    await this.done;
    return [...this.counts];
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      for (const address of await this.quorum.registered()) {
        const count = await countKeys(address, this.prefix, 'linearizable').catch(() => undefined);
        if (count !== undefined) this.counts.add(count);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
