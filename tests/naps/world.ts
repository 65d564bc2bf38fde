/** A local cluster that falls asleep and wakes, and clients of every kind that know nothing of it. */
import { z } from 'zod';
import { checked } from '../../functions/common/milvus/status.ts';
import type { ClusterView } from '../../functions/common/http/cluster-view.ts';
import { executionName, type LifecycleVerb } from '../../functions/common/cluster/names.ts';
import { connect } from '../../local/demo/prove.ts';
import { ensureClientPython } from '../../local/setup/python.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { entryOf } from '../../local/up.ts';
import { Stack, until } from '../chaos/stack.ts';
import { CLIENT_KINDS, type ClientKind, type TestClient } from './clients/client.ts';
import { nodeClient } from './clients/node.ts';
import { startPythonClients, type PythonClients } from './clients/python.ts';
import { restClient } from './clients/rest.ts';
import { create, insert, range } from './rows.ts';

/** Bounds for what hangs, far below those of the tests: these say what did. */
const REST_MS = 5 * 60_000;
const ASLEEP_MS = 8 * 60_000;
/** In Milvus 2.3.5 an answer holds 16,384 ids at most, so all rows together must stay below. */
export const COLLECTION = 'naps';
export const BASE_ROWS = 2_000;

const actedSchema = z.object({ operation: z.string() });

export class World {
  readonly stack: Stack;
  private readonly apiUrl: string;
  private readonly python: PythonClients;
  private readonly entry: Awaited<ReturnType<typeof entryOf>>;
  private nextId = BASE_ROWS;
  /** Ids of all rows that Milvus has acknowledged. */
  readonly acknowledged = new Set<number>();
  /** Sent to a proxy that died before it answered: they may be there or not. */
  readonly uncertain = new Set<number>();

  private constructor(stack: Stack, apiUrl: string, python: PythonClients, entry: World['entry']) {
    this.stack = stack;
    this.apiUrl = apiUrl;
    this.python = python;
    this.entry = entry;
  }

  /** On a stack that runs, with a collection of its own that is loaded. */
  static async of(apiUrl: string): Promise<World> {
    const stack = new Stack();
    const { settings } = stack;
    const entry = await entryOf(settings);
    const python = startPythonClients(await ensureClientPython(settings, () => undefined), entry);
    const world = new World(stack, apiUrl, python, entry);
    await world.withMilvus(async (milvus) => {
      await milvus.dropCollection({ collection_name: COLLECTION });
      await create(milvus, COLLECTION, 2);
      checked('load', await milvus.loadCollectionSync({ collection_name: COLLECTION }));
      const base = range(0, BASE_ROWS);
      await insert(milvus, COLLECTION, base);
      for (const id of base) world.acknowledged.add(id);
    });
    return world;
  }

  async stop(): Promise<void> {
    await this.python.stop();
  }

  /** Ids that no other row has. */
  newIds(count: number): number[] {
    const ids = range(this.nextId, count);
    this.nextId += count;
    return ids;
  }

  /** So many new rows, whose ids are known as soon as they are acknowledged. */
  async insert(client: TestClient, count: number): Promise<void> {
    const ids = this.newIds(count);
    await client.insert(COLLECTION, ids);
    for (const id of ids) this.acknowledged.add(id);
  }

  newClient(kind: ClientKind): TestClient {
    switch (kind) {
      case 'node':
        return nodeClient(this.entry);
      case 'python':
        return this.python.client();
      case 'rest':
        return restClient(`http://127.0.0.1:${this.stack.settings.ports.entryHttp}`);
    }
  }

  /** So many, of all kinds in turn. */
  newClients(count: number): TestClient[] {
    return range(0, count).map((n) => this.newClient(CLIENT_KINDS[n % CLIENT_KINDS.length] ?? 'rest'));
  }

  /** For what is no proof: to make collections, and to count. */
  async withMilvus<T>(work: (client: ReturnType<typeof connect>) => Promise<T>): Promise<T> {
    const client = connect(this.entry);
    try {
      await client.connectPromise;
      return await work(client);
    } finally {
      await client.closeConnection();
    }
  }

  async show(): Promise<ClusterView> {
    const view = await showCluster(this.stack.settings, this.apiUrl, DEMO);
    if (view === undefined) throw new Error('The cluster is gone.');
    if (view.phase === 'failed') throw new Error(`The cluster has failed: ${JSON.stringify(view.failure)}`);
    return view;
  }

  /** Asks for it; resolves to the name of the execution. */
  async ask(action: 'sleep' | 'wake'): Promise<string> {
    const path = `/clusters/${DEMO}/actions/${action}`;
    const { status, body } = await callApi(this.stack.settings, this.apiUrl, { method: 'POST', path });
    if (status !== 202) throw new Error(`${action} answered ${status}: ${JSON.stringify(body)}`);
    return actedSchema.parse(body).operation;
  }

  /** Resolves when the cluster is at rest in a generation after this one: awake or asleep, and nobody owns it. */
  async atRest(after: number): Promise<ClusterView> {
    return until(`${DEMO} awake or asleep after generation ${after}`, REST_MS, async () => {
      const view = await this.show();
      const rests = view.phase === 'awake' || view.phase === 'asleep';
      return rests && view.generation > after ? view : undefined;
    });
  }

  /** Asleep, however often it turns round on the way because a request came. Resolves to how often it did. */
  async asleep(): Promise<number> {
    const deadline = Date.now() + ASLEEP_MS;
    for (let turned = 0; ; turned += 1) {
      const { phase, generation, turnedRound } = await this.show();
      if (phase === 'asleep') return turned;
      if (Date.now() > deadline) throw new Error(`It does not fall asleep: ${JSON.stringify(turnedRound)}`);
      if (phase !== 'awake') await this.atRest(generation - 1);
      else {
        await this.ask('sleep');
        const rested = await this.atRest(generation);
        if (rested.phase === 'asleep') return turned;
        process.stderr.write(`the sleep turned round: ${JSON.stringify(rested.turnedRound)}\n`);
      }
    }
  }

  async awake(): Promise<ClusterView> {
    return until(`${DEMO} is awake`, REST_MS, async () => {
      const view = await this.show();
      return view.phase === 'awake' ? view : undefined;
    });
  }

  /** What there is to see of the cluster and of what works for it: for the message of a test that fails. */
  async told(): Promise<string> {
    const view = await showCluster(this.stack.settings, this.apiUrl, DEMO);
    return JSON.stringify({ view, executions: await this.stack.latest(DEMO) }, null, 2);
  }

  executionArn(machine: string, verb: LifecycleVerb, generation: number): string {
    const { region, accountId, stage } = this.stack.settings;
    const name = executionName(DEMO, verb, generation);
    return `arn:aws:states:${region}:${accountId}:execution:redkite-${stage}-${machine}:${name}`;
  }
}
