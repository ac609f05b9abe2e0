// TLS with a certificate that the operator brings. Guarantees that the pair fits and is in date before anything listens
// with it: a mismatch would otherwise show only as handshake failures at the apps.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TlsFiles } from './local-tls.js';

/** The certificate or its key cannot be used; the message says which and why. */
export class TlsRefused extends Error {
  override readonly name = 'TlsRefused';
}

/**
 * Reads a certificate chain and its private key (PEM, the server's own certificate first).
 * @returns the pair; `caFile` is the chain itself, for clients that do not know its issuer.
 * @throws TlsRefused
 */
export async function givenTls(certFile: string, keyFile: string, nowMs: number): Promise<TlsFiles> {
  const [certPem, keyPem] = await Promise.all([read(certFile), read(keyFile)]);
  const certificate = parse(certFile, 'a certificate', () => new X509Certificate(certPem));
  const key = parse(keyFile, 'a private key without a passphrase', (): KeyObject => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key))
    throw new TlsRefused(
      `${keyFile} is not the private key of ${certFile}. Is the server's certificate the first one?`,
    );
  if (Date.parse(certificate.validTo) <= nowMs)
    throw new TlsRefused(`The certificate in ${certFile} ended on ${certificate.validTo}. Renew it and start again.`);
  return { certPem, keyPem, caFile: certFile };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new TlsRefused(`Cannot read ${file}: check the path and that this user may read it.`, { cause: error });
  }
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TlsRefused(`${file} does not hold ${what} in PEM form.`, { cause: error });
  }
}
