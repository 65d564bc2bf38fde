import { rmSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { crc32 } from 'node:zlib';
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { emulatorEnvironment, startEmulator, stopEmulator } from '../../../../local/emulator/emulator.ts';
import { logFile, logTail, runningPid } from '../../../../local/processes.ts';
import { awsEnvironment, settingsForSlot, type LocalSettings } from '../../../../local/settings.ts';
import { emulatorSettings } from '../../../fixtures/emulator.ts';

/** The Python that has MiniStack; `npm test` names the one it has set up. */
const python = process.env['REDKITE_PYTHON'];
const START_TIMEOUT_MS = 60_000;

/** A copy of its own beside whatever runs on this machine; its gateway is a loopback address nobody else uses. */
async function copy(number: number): Promise<LocalSettings> {
  const settings = await emulatorSettings('emulator', number);
  return { ...settings, network: { ...settings.network, gateway: `127.0.88.${number}` } };
}

function clientOptions(settings: LocalSettings) {
  const env = awsEnvironment(settings);
  return {
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    region: settings.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}

describe('two emulators on one machine', () => {
  let copies: LocalSettings[] = [];

  beforeAll(async () => {
    if (python === undefined) throw new Error('REDKITE_PYTHON must name the Python that has MiniStack.');
    copies = [await copy(1), await copy(2)];
    await Promise.all(copies.map((settings) => startEmulator(settings, { python })));
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    for (const settings of copies) {
      await stopEmulator(settings);
      rmSync(settings.stateDir, { recursive: true, force: true });
    }
  }, START_TIMEOUT_MS);

  it('do not see each other', async () => {
    const [one, two] = copies.map((settings) => new S3Client({ ...clientOptions(settings), forcePathStyle: true }));
    await one?.send(new CreateBucketCommand({ Bucket: 'only-here' }));
    expect((await one?.send(new ListBucketsCommand({})))?.Buckets?.map(({ Name }) => Name)).toEqual(['only-here']);
    expect((await two?.send(new ListBucketsCommand({})))?.Buckets ?? []).toEqual([]);
  });

  it('listen on loopback and on the gateway, nowhere else', async () => {
    for (const { ports, network } of copies) {
      expect((await fetch(`http://127.0.0.1:${ports.emulator}/_ministack/health`)).ok).toBe(true);
      expect((await fetch(`http://${network.gateway}:${ports.emulator}/_ministack/health`)).ok).toBe(true);
      await expect(fetch(`http://127.0.0.77:${ports.emulator}/_ministack/health`)).rejects.toThrow('fetch failed');
    }
  });

  it('run functions in the Node that runs us', async () => {
    const [settings] = copies;
    if (settings === undefined) throw new Error('no emulator');
    const lambda = new LambdaClient(clientOptions(settings));
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'version',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: `arn:aws:iam::${settings.accountId}:role/any`,
        Code: { ZipFile: zipOf('index.js', 'exports.handler = async () => process.version;') },
      }),
    );
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'version' }));
    expect(JSON.parse(Payload?.transformToString() ?? 'null')).toBe(process.version);
  });

  it('are found again by a second start', async () => {
    const [settings] = copies;
    if (settings === undefined || python === undefined) throw new Error('no emulator');
    const pid = runningPid(settings, 'emulator');
    await startEmulator(settings, { python });
    expect(runningPid(settings, 'emulator')).toBe(pid);
  });
});

it('says where its log is when it cannot start', async () => {
  const settings = await copy(3);
  const taken = createServer((socket) => socket.destroy()).listen(settings.ports.emulator, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  try {
    await expect(startEmulator(settings, { python: python ?? '' })).rejects.toThrow(logFile(settings, 'emulator'));
    expect(logTail(settings, 'emulator')).toContain('Is another copy using this slot?');
    expect(existsSync(logFile(settings, 'emulator'))).toBe(true);
  } finally {
    await new Promise((resolve) => taken.close(resolve));
    await stopEmulator(settings);
    rmSync(settings.stateDir, { recursive: true, force: true });
  }
});

it('keeps everything below the state folder', () => {
  const settings = settingsForSlot(7, '/somewhere');
  const env = emulatorEnvironment(settings, { python: 'python3' });
  for (const name of ['STATE_DIR', 'S3_DATA_DIR', 'TMPDIR']) {
    expect(env[name]?.startsWith(`${settings.stateDir}/emulator/`)).toBe(true);
  }
});

/** A zip archive with one stored (not compressed) file: APPNOTE.TXT 4.3, the least a reader needs. */
function zipOf(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt32LE(crc32(content), 14);
  local.writeUInt32LE(content.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(20, 4);
  local.copy(entry, 6, 4, 30);
  const end = Buffer.alloc(22);
  const before = local.length + name.length + content.length;
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(before, 16);
  return Buffer.concat([local, Buffer.from(name), content, entry, Buffer.from(name), end]);
}
