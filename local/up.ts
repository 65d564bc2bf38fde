/**
 * `npm start`: from a fresh checkout to a Milvus cluster that has answered a search, on a local AWS. Every step can be
 * run again: what is there and right is used as it is.
 */
import { Listr, type ListrRendererFactory, type ListrTask, type ListrTaskWrapper } from 'listr2';
import { ensureImages } from './images/images.ts';
import { startDns } from './dns/dns.ts';
import { startEmulator } from './emulator/emulator.ts';
import { addCredentialsRoute } from './emulator/task-credentials.ts';
import { startLoadBalancer } from './load-balancer/load-balancer.ts';
import { awaitMessages, putUsers, startMessages } from './messages/messages.ts';
import { GOALS, prove, type Proof } from './demo/prove.ts';
import { memoryInUse } from './memory.ts';
import { tally, say } from './report.ts';
import { startContainerService } from './runtime/podman.ts';
import { ensureAuthority, issueCertificate } from './setup/certificates.ts';
import { ensurePython } from './setup/python.ts';
import { ensureSystemPackages } from './setup/system-packages.ts';
import { DEMO, ensureAwake } from './stack/cluster.ts';
import { createTimes } from './stack/operation-times.ts';
import { deploy, describeStack, messagesUser } from './stack/deploy.ts';
import type { LocalSettings } from './settings.ts';
import { writeStartRecord, type StartRecord } from './start-record.ts';

const MESSAGES_TIMEOUT_MS = 60_000;

interface Progress {
  proof?: Proof;
  apiUrl?: string;
  /** Generation of the cluster when this run created it. */
  created?: number;
}

type Task = ListrTaskWrapper<Progress, ListrRendererFactory, ListrRendererFactory>;

/** Milliseconds by step, in the order in which they ended. */
export type Timings = Record<string, number>;

/**
 * The shared parts alone: everything that is there before the first cluster. Returns the base URL of the API. `emulatorEnv`:
 * what the emulator gets beside what it always does.
 */
export async function bringUpStack(
  settings: LocalSettings,
  emulatorEnv: Readonly<Record<string, string>> = {},
): Promise<string> {
  const progress = await listr(stackSteps(settings, {}, { emulatorEnv })).run({});
  if (progress.apiUrl === undefined) throw new Error('The stack was not deployed.');
  return progress.apiUrl;
}

/** The stack with the cluster `demo`, proven. `etcdImage`: instead of the one that belongs to this version. */
export async function bringUp(
  settings: LocalSettings,
  etcdImage?: string,
): Promise<{ proof: Proof; timings: Timings; apiUrl: string; created: number | undefined }> {
  const timings: Timings = {};
  const steps = [
    ...stackSteps(settings, timings, { etcdImage }),
    step(timings, `Create cluster ${DEMO}`, async (report, progress) => {
      const { created, generation } = await ensureAwake(settings, progress.apiUrl ?? '', report);
      if (created) progress.created = generation;
    }),
    step(timings, 'Prove it with real data', async (report, progress) => {
      progress.proof = await prove(await entryOf(settings), report);
    }),
  ];
  const { proof, apiUrl, created } = await listr(steps).run({});
  if (proof === undefined || apiUrl === undefined) throw new Error('The cluster was not proven.');
  return { proof, timings, apiUrl, created };
}

type Step = ListrTask<Progress, ListrRendererFactory>;

function step(
  timings: Timings,
  title: string,
  work: (report: (line: string) => void, progress: Progress) => Promise<void>,
): Step {
  return {
    title,
    task: async (progress, task: Task) => {
      const started = performance.now();
      await work((line) => {
        task.output = line;
      }, progress);
      const took = performance.now() - started;
      timings[title] = took;
      task.title = `${title} (${seconds(took)})`;
    },
  };
}

function listr(steps: Step[]): Listr<Progress> {
  const interactive = process.stderr.isTTY && process.env['CI'] === undefined;
  // On a terminal a picture that moves; in CI and in files one line a step, with its time.
  return new Listr<Progress>(steps, {
    renderer: 'default',
    fallbackRenderer: 'simple',
    fallbackRendererCondition: () => !interactive,
  });
}

function stackSteps(
  settings: LocalSettings,
  timings: Timings,
  {
    etcdImage,
    emulatorEnv = {},
  }: { etcdImage?: string | undefined; emulatorEnv?: Readonly<Record<string, string>> } = {},
): Step[] {
  let python = '';
  let images = { milvus: '', etcd: '', kafka: '' };
  let bootstrap = '';
  let dockerHost = '';
  return [
    step(timings, 'System packages', (report) => ensureSystemPackages(report)),
    step(timings, 'Python packages', async (report) => {
      python = await ensurePython(settings, report);
    }),
    step(timings, 'Images', async (report) => {
      images = await ensureImages(settings, report);
    }),
    step(timings, 'Containers and Kafka', async () => {
      dockerHost = await startContainerService(settings);
      ({ bootstrap } = await startMessages(settings, images));
    }),
    step(timings, 'AWS emulator, DNS, load balancer', async () => {
      const authority = await ensureAuthority(settings);
      await startEmulator(settings, {
        python,
        dockerHost,
        messagesBootstrap: bootstrap,
        extraEnv: { ...emulatorEnv, NODE_EXTRA_CA_CERTS: authority.caFile },
      });
      await addCredentialsRoute(settings);
      const certificate = await issueCertificate(settings, {
        name: 'entry',
        dnsNames: ['localhost', `${DEMO}.localhost`],
        addresses: ['127.0.0.1'],
      });
      await Promise.all([startDns(settings), startLoadBalancer(settings, certificate)]);
    }),
    step(timings, 'Deploy serverless.yml', async (report, progress) => {
      report(await deploy(settings, { milvusImage: images.milvus, etcdImage: etcdImage ?? images.etcd }, report));
      progress.apiUrl = (await describeStack(settings)).apiUrl;
    }),
    step(timings, 'Kafka users', async () => {
      await awaitMessages(settings, MESSAGES_TIMEOUT_MS);
      await putUsers(settings, [await messagesUser(settings)]);
    }),
  ];
}

export async function entryOf(settings: LocalSettings): Promise<{ address: string; authorityFile: string }> {
  const { caFile } = await ensureAuthority(settings);
  return { address: `127.0.0.1:${settings.ports.entryHttps}`, authorityFile: caFile };
}

export async function up(settings: LocalSettings): Promise<boolean> {
  const started = commandStarted();
  const { proof, timings, apiUrl, created } = await bringUp(settings);
  const record: StartRecord = {
    startedAt: new Date(started).toISOString(),
    toFirstSearchMs: proof.firstSearchAt - started,
    create: created === undefined ? null : ((await createTimes(settings, DEMO, created)) ?? null),
    memoryBytes: memoryInUse(settings),
    timings: { ...timings, ...proof.timings },
  };
  writeStartRecord(settings, record);
  const checks = [
    { name: 'recall@10 against brute force', value: proof.recallAt10, goal: GOALS.recallAt10 },
    { name: 'label accuracy of the nearest neighbour', value: proof.labelAccuracy, goal: GOALS.labelAccuracy },
  ];
  say(`\n${proof.rows} digits stored, ${proof.queries} searched:`);
  for (const { name, value, goal } of checks) {
    say(`  ${value >= goal ? 'ok    ' : 'FAILED'} ${name}: ${value.toFixed(4)} (goal ${goal})`);
  }
  say('\nTime of each phase:');
  for (const [name, time] of [
    ...Object.entries(timings),
    ...Object.entries(proof.timings).map(([n, t]) => [`  ${n}`, t] as const),
  ]) {
    say(`  ${seconds(time).padStart(8)}  ${name}`);
  }
  say(`  ${seconds(Date.now() - started).padStart(8)}  in all`);
  say('\nMeasured:');
  say(`  ${seconds(record.toFirstSearchMs).padStart(8)}  from the command to the first search`);
  if (record.create !== null) {
    say(`  ${seconds(record.create.totalMs).padStart(8)}  for the create's execution; of it`);
    say(`  ${seconds(record.create.outsideMs).padStart(8)}  neither in starting containers nor in etcd and Milvus`);
  }
  say(`  ${(record.memoryBytes / 1024 ** 3).toFixed(1).padStart(4)} GiB  of memory for everything`);
  const { address, authorityFile } = await entryOf(settings);
  say(`
The cluster ${DEMO} is awake.
  Milvus (gRPC, REST)   https://${address}   certificate authority: ${authorityFile}
  Milvus (REST)         http://127.0.0.1:${settings.ports.entryHttp}
  Redkite API           ${apiUrl}/clusters   (signed with AWS Signature Version 4)
  AWS APIs              AWS_ENDPOINT_URL=http://127.0.0.1:${settings.ports.emulator}

What you can do next:
  npm run status        what runs, and where its logs are
  npm test              all tests
  npm run stop          end everything; npm run clean removes its data as well`);
  const failed = checks.filter(({ value, goal }) => value < goal).length;
  return tally({ passed: checks.length - failed, failed });
}

/** Milliseconds since the epoch. launch.mjs says when the user's command began: before this process. */
function commandStarted(): number {
  return Number(process.env['REDKITE_STARTED_AT'] ?? Date.now());
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
