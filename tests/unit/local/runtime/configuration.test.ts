import {
  REGISTRIES_CONF,
  bridgeName,
  containersConf,
  imageFolders,
  networkDefinition,
  runtimeFolders,
  serviceSocket,
  storageConf,
} from '../../../../local/runtime/configuration.ts';
import { mountsBelow } from '../../../../local/runtime/podman.ts';
import { settingsForSlot } from '../../../../local/settings.ts';

const one = settingsForSlot(0, '/copies/one');
const two = settingsForSlot(149, '/copies/two');

test('two copies share no folder, bridge or socket, and the same images', () => {
  const folders = Object.values(runtimeFolders(one));
  expect(Object.values(runtimeFolders(two)).filter((folder) => folders.includes(folder))).toEqual([]);
  expect(bridgeName(two)).not.toBe(bridgeName(one));
  expect(serviceSocket(two)).not.toBe(serviceSocket(one));
  expect(imageFolders(two)).toEqual(imageFolders(one));
});

test('another cache folder is another image store, with a run folder of its own', () => {
  const other = imageFolders({ ...one, cacheDir: '/elsewhere' });
  expect(other.run).not.toBe(imageFolders(one).run);
});

test("names keep within the kernel's limits", () => {
  expect(bridgeName(two).length).toBeLessThanOrEqual(15);
  expect(serviceSocket(two).length).toBeLessThanOrEqual(107);
});

test('podman is configured with runc, own locks, the local DNS and limits it may set', () => {
  const text = containersConf(runtimeFolders(one), one.network);
  for (const line of [
    'runtime = "runc"',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    'lock_type = "file"',
    'dns_servers = ["10.89.1.1"]',
    'default_ulimits = ["nofile=20000:20000","nproc=30000:30000"]',
    'default_network = "redkite-0"',
    'default_subnet = "10.89.1.0/24"',
    'network_config_dir = "/copies/one/.redkite/containers/networks"',
    'log_driver = "k8s-file"',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

test('the image store belongs to no copy', () => {
  const text = containersConf(imageFolders(one));
  expect(text).not.toContain('10.89.');
  expect(text).not.toContain('/copies/');
});

test('containers are kept apart, images are looked up in the shared store', () => {
  const text = storageConf(runtimeFolders(one), '/cache/images/storage');
  expect(text).toContain('graphroot = "/copies/one/.redkite/containers/storage"');
  expect(text).toContain('additionalimagestores = ["/cache/images/storage"]');
  expect(storageConf(imageFolders(one))).not.toContain('additionalimagestores');
});

test('pulls of local images are refused at once', () => {
  expect(REGISTRIES_CONF).toMatch(/location = "localhost"\nblocked = true/);
});

test('the network is closed to the outside and never hands out fixed addresses', () => {
  const network: unknown = JSON.parse(networkDefinition(two));
  expect(network).toMatchObject({
    name: 'redkite-149',
    internal: true,
    dns_enabled: false,
    subnets: [
      {
        subnet: '10.89.150.0/24',
        gateway: two.network.gateway,
        lease_range: { start_ip: '10.89.150.2', end_ip: '10.89.150.249' },
      },
    ],
  });
  expect(two.network.kafka).toBe('10.89.150.250');
});

test('mounts are found at and below a folder, deepest first, and nowhere else', () => {
  const mounts = [
    '/dev/vda / ext4 rw 0 0',
    'overlay /copies/one/storage overlay rw 0 0',
    'shm /copies/one/storage/a/shm tmpfs rw 0 0',
    'shm /copies/one-more/shm tmpfs rw 0 0',
    'shm /copies/my\\040copy/shm tmpfs rw 0 0',
    '',
  ].join('\n');
  expect(mountsBelow(['/copies/one'], mounts)).toEqual(['/copies/one/storage/a/shm', '/copies/one/storage']);
  expect(mountsBelow(['/copies/my copy'], mounts)).toEqual(['/copies/my copy/shm']);
});
