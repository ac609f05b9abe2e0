// The certificate of the bench's own TLS listeners, made anew for each run and thrown away with its folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Certificate } from '../lanes/lane.js';

/** Makes a certificate for localhost and 127.0.0.1 that is its own authority. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const certificate = { certPath: join(folder, 'bench.crt'), keyPath: join(folder, 'bench.key'), pem: made.cert };
  writeFileSync(certificate.certPath, made.cert);
  writeFileSync(certificate.keyPath, made.private, { mode: 0o600 });
  return certificate;
}
