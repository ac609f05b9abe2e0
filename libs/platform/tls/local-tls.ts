// TLS on a machine without certificates: on first start a certificate authority of this data folder and a certificate
// signed by it, because openai-node dials only `wss:`. Apps trust the authority's file once and survive renewals. Its
// private key never leaves the data folder; it can sign for any name, so it is for this machine, not for a company.
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** What a TLS listener needs, and the file that makes a client trust it. */
export interface TlsFiles {
  readonly certPem: string;
  readonly keyPem: string;
  /** The authority's certificate in PEM, for `NODE_EXTRA_CA_CERTS` and the like. */
  readonly caFile: string;
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
// Clients refuse server certificates that live longer than 398 days.
const LEAF_DAYS = 390;
const RENEW_BEFORE_DAYS = 30;
const CA = { name: 'ca.crt', key: 'ca.key' };
const LEAF = { name: 'server.crt', key: 'server.key' };

/**
 * The certificate of this machine, made or renewed where needed, in `dir` (private keys readable by the owner only).
 * Covers localhost, the loopback addresses and the machine's name.
 */
export async function localTls(dir: string, nowMs: number): Promise<TlsFiles> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const ca = (await readPair(dir, CA, nowMs)) ?? (await makeCa(dir, nowMs));
  const leaf = await readPair(dir, LEAF, nowMs);
  const current = leaf && signedBy(leaf.certPem, ca.certPem) ? leaf : await makeLeaf(dir, ca, nowMs);
  return { ...current, caFile: join(dir, CA.name) };
}

interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

async function readPair(dir: string, files: typeof CA, nowMs: number): Promise<Pair | null> {
  try {
    const certPem = await readFile(join(dir, files.name), 'utf8');
    const keyPem = await readFile(join(dir, files.key), 'utf8');
    const { validTo } = new X509Certificate(certPem);
    return Date.parse(validTo) - nowMs > RENEW_BEFORE_DAYS * DAY_MS ? { certPem, keyPem } : null;
  } catch (error) {
    // Missing on first start; unreadable as a certificate after a torn write: both are made anew.
    if (isMissing(error) || isMalformed(error)) return null;
    throw error;
  }
}

async function makeCa(dir: string, nowMs: number): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: `Trunkline local authority (${hostname()})` }], {
    ...validity(nowMs, CA_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return write(dir, CA, { certPem: made.cert, keyPem: made.private });
}

async function makeLeaf(dir: string, ca: Pair, nowMs: number): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity(nowMs, LEAF_DAYS),
    ca: { cert: ca.certPem, key: ca.keyPem },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: hostname() },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return write(dir, LEAF, { certPem: made.cert, keyPem: made.private });
}

function validity(nowMs: number, days: number) {
  return {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256',
    // A client whose clock is a little behind must not refuse a certificate made just now.
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + days * DAY_MS),
  };
}

async function write(dir: string, files: typeof CA, pair: Pair): Promise<Pair> {
  await replace(join(dir, files.key), pair.keyPem, 0o600);
  await replace(join(dir, files.name), pair.certPem, 0o644);
  return pair;
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}

function signedBy(certPem: string, caPem: string): boolean {
  return new X509Certificate(certPem).verify(new X509Certificate(caPem).publicKey);
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function isMalformed(error: unknown): boolean {
  return codeOf(error).startsWith('ERR_OSSL');
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
