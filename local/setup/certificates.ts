/**
 * The private certificate authority of local mode and the certificates it issues: the local Kafka and the load balancer
 * speak TLS as they do on AWS. The authority is part of the Milvus image's system trust, so it lives in the shared cache
 * with the images; certificates belong to one copy.
 */
import { X509Certificate, createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generate } from 'selfsigned';
import type { LocalSettings } from '../settings.ts';
import { withLock } from './lock.ts';

export interface Authority {
  readonly caFile: string;
  readonly keyFile: string;
}

export interface CertificateRequest {
  /** File-name safe; also the common name. */
  readonly name: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

const DAY = 86_400_000;
const RENEW_BEFORE_DAYS = 30;
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 365;
const KEY_TYPE = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

export function daysLeft(certificate: string, now: Date): number {
  return (new X509Certificate(certificate).validToDate.getTime() - now.getTime()) / DAY;
}

/** Readers never see half a file, and a key is never readable by others, not even for a moment. */
function writeAtomically(file: string, content: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, content, { mode });
  renameSync(`${file}.new`, file);
}

function needsNew(file: string, now: Date): boolean {
  return !existsSync(file) || daysLeft(readFileSync(file, 'utf8'), now) < RENEW_BEFORE_DAYS;
}

export async function ensureAuthority(settings: LocalSettings, now = new Date()): Promise<Authority> {
  const folder = join(settings.cacheDir, 'authority');
  const authority: Authority = { caFile: join(folder, 'ca.pem'), keyFile: join(folder, 'ca-key.pem') };
  if (!needsNew(authority.caFile, now)) return authority;
  return withLock(join(folder, 'lock'), async () => {
    if (!needsNew(authority.caFile, now)) return authority;
    const made = await generate([{ name: 'commonName', value: 'Redkite local authority' }], {
      ...KEY_TYPE,
      notBeforeDate: new Date(now.getTime() - DAY),
      notAfterDate: new Date(now.getTime() + AUTHORITY_DAYS * DAY),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    // The certificate last: it is what says that the authority is complete.
    writeAtomically(authority.keyFile, made.private, 0o600);
    writeAtomically(authority.caFile, made.cert, 0o644);
    return authority;
  });
}

/** Changes when the names, the addresses or the authority do. */
export function certificateKey(request: CertificateRequest, ca: string): string {
  return createHash('sha256')
    .update(JSON.stringify([request.name, request.dnsNames, request.addresses, ca]))
    .digest('hex');
}

export async function issueCertificate(
  settings: LocalSettings,
  request: CertificateRequest,
  now = new Date(),
): Promise<Certificate> {
  const authority = await ensureAuthority(settings, now);
  const ca = readFileSync(authority.caFile, 'utf8');
  const folder = join(settings.stateDir, 'certificates');
  const certificate: Certificate = {
    certFile: join(folder, `${request.name}.pem`),
    keyFile: join(folder, `${request.name}-key.pem`),
    caFile: authority.caFile,
  };
  const issuedFor = join(folder, `${request.name}.issued-for`);
  const key = certificateKey(request, ca);
  if (existsSync(issuedFor) && readFileSync(issuedFor, 'utf8') === key && !needsNew(certificate.certFile, now)) {
    return certificate;
  }
  const made = await generate([{ name: 'commonName', value: request.name }], {
    ...KEY_TYPE,
    ca: { key: readFileSync(authority.keyFile, 'utf8'), cert: ca },
    notBeforeDate: new Date(now.getTime() - DAY),
    notAfterDate: new Date(now.getTime() + CERTIFICATE_DAYS * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...request.dnsNames.map((value) => ({ type: 2 as const, value })),
          ...request.addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  writeAtomically(certificate.keyFile, made.private, 0o600);
  writeAtomically(certificate.certFile, made.cert, 0o644);
  writeAtomically(issuedFor, key, 0o644);
  return certificate;
}
