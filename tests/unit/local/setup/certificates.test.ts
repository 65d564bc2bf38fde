import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daysLeft, ensureAuthority, issueCertificate } from '../../../../local/setup/certificates.ts';
import { settingsForSlot, type LocalSettings } from '../../../../local/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'redkite-certificates-'));
const settings: LocalSettings = { ...settingsForSlot(0, folder), cacheDir: join(folder, 'cache') };
const request = { name: 'broker', dnsNames: ['broker.local'], addresses: ['10.89.1.250'] };
const DAY = 86_400_000;
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const read = (file: string) => readFileSync(file, 'utf8');

test('a certificate names what was asked for and is signed by the authority', async () => {
  const certificate = await issueCertificate(settings, request);
  const issued = new X509Certificate(read(certificate.certFile));
  const authority = new X509Certificate(read(certificate.caFile));
  expect(issued.verify(authority.publicKey)).toBe(true);
  expect(issued.checkIP('10.89.1.250')).toBe('10.89.1.250');
  expect(issued.checkHost('broker.local')).toBe('broker.local');
  expect(issued.ca).toBe(false);
  expect(authority.ca).toBe(true);
});

test('keys are readable by their owner alone', async () => {
  const { keyFile } = await issueCertificate(settings, request);
  const authority = await ensureAuthority(settings);
  for (const file of [keyFile, authority.keyFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('is kept as long as it fits', async () => {
  const first = read((await issueCertificate(settings, request)).certFile);
  expect(read((await issueCertificate(settings, request)).certFile)).toBe(first);
});

test('other names need another certificate', async () => {
  const first = read((await issueCertificate(settings, request)).certFile);
  const second = await issueCertificate(settings, { ...request, addresses: ['10.89.2.250'] });
  expect(read(second.certFile)).not.toBe(first);
});

test.each([
  [334, true],
  [336, false],
])('after %i days it is kept: %s', async (days, kept) => {
  const name = `aged-${days}`;
  const first = read((await issueCertificate(settings, { ...request, name })).certFile);
  const later = new Date(Date.now() + days * DAY);
  const second = read((await issueCertificate(settings, { ...request, name }, later)).certFile);
  expect(second === first).toBe(kept);
  expect(daysLeft(second, later)).toBeGreaterThan(30);
});

test('several copies at once make one authority', async () => {
  const shared = { ...settings, cacheDir: join(folder, 'shared') };
  const made = await Promise.all([1, 2, 3].map(() => ensureAuthority(shared)));
  expect(new Set(made.map(({ caFile }) => read(caFile))).size).toBe(1);
});
