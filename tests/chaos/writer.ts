/**
 * Writes to etcd all the time, notes what was acknowledged, and says afterwards what of it is missing. It finds the members as
 * Milvus does, under the name of the metadata: a quorum that is being filled is not to be found, and must not be written to.
 */
import { etcd, type Quorum } from './quorum.ts';
import { until } from './stack.ts';

const PREFIX = '/redkite-chaos/';
const PAGE = 1_000;
/** A bound for what hangs: the machine may be busy. */
const READ_MS = 20_000;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Between two writes, so that the writers of many clusters leave the machine to those that are tried out. */
const PAUSE_MS = 10;

const writing = new Set<Writer>();
// Of a test that failed half-way: it would go on writing, and keep the process from ending. Tests may run at the same time.
afterAll(() => Promise.all([...writing].map((writer) => writer.stop())));

export class Writer {
  readonly acknowledged = new Map<string, string>();
  /** When, in milliseconds since the epoch, by key. */
  readonly acknowledgedAt = new Map<string, number>();
  /** Revision of the quorum that a write made, by key. */
  readonly revisions = new Map<string, number>();
  /** Longest time without an acknowledged write. */
  longestGapMs = 0;
  private readonly quorum: Quorum;
  private readonly run: string;
  private stopped = false;
  private written = 0;
  private done: Promise<void> = Promise.resolve();

  constructor(quorum: Quorum, run: string) {
    this.quorum = quorum;
    this.run = run;
  }

  /** Also after a stop: it goes on then. */
  start(): void {
    this.stopped = false;
    writing.add(this);
    this.done = this.write();
  }

  /** Resolves when so many more writes have been acknowledged. */
  async more(count: number, timeoutMs = 60_000): Promise<void> {
    const wanted = this.acknowledged.size + count;
    await until(`${count} more acknowledged writes`, timeoutMs, () =>
      Promise.resolve(this.acknowledged.size >= wanted ? true : undefined),
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
    writing.delete(this);
  }

  private async write(): Promise<void> {
    let addresses: string[] = [];
    let last = Date.now();
    for (; !this.stopped; this.written += 1) {
      const key = `${PREFIX}${this.run}/${String(this.written).padStart(8, '0')}`;
      const value = `value of ${key}`;
      try {
        const [address] = addresses;
        if (address === undefined) throw new Error('no member is known');
        const { header } = await etcd(address, 'kv/put', { key: base64(key), value: base64(value) });
        this.acknowledged.set(key, value);
        this.revisions.set(key, Number((header as { revision: string }).revision));
        this.acknowledgedAt.set(key, Date.now());
        this.longestGapMs = Math.max(this.longestGapMs, Date.now() - last);
        last = Date.now();
      } catch {
        // Not acknowledged: it may be there or not. The next member, and when all were tried whoever is found now.
        addresses = addresses.slice(1);
        if (addresses.length === 0) addresses = await this.quorum.registered().catch(() => []);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Acknowledged writes that are gone or changed. */
  async missing(): Promise<string[]> {
    const [member] = await this.quorum.members();
    if (member === undefined) throw new Error('No member runs.');
    const found = new Map<string, string>();
    const end = `${PREFIX}${this.run}0`;
    for (let from = `${PREFIX}${this.run}/`; ;) {
      const range = { key: base64(from), range_end: base64(end), limit: PAGE };
      const { kvs = [] } = (await etcd(member.address, 'kv/range', range, READ_MS)) as {
        kvs?: { key: string; value: string }[];
      };
      for (const { key, value } of kvs) {
        found.set(Buffer.from(key, 'base64').toString(), Buffer.from(value, 'base64').toString());
      }
      const last = kvs.at(-1);
      if (kvs.length < PAGE || last === undefined) break;
      from = `${Buffer.from(last.key, 'base64').toString()}\0`;
    }
    return [...this.acknowledged].filter(([key, value]) => found.get(key) !== value).map(([key]) => key);
  }
}
