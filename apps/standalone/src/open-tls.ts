import { readFile } from 'node:fs/promises';
import { systemClock } from '@trunkline/kernel';
import type { Config } from '@trunkline/platform/config';
import type { DataFolder } from '@trunkline/platform/data-folder';
import { localTls, type TlsFiles } from '@trunkline/platform/tls';

/** The certificate that was given, or this machine's own, made on first start. */
export async function openTls(config: Config, folder: DataFolder): Promise<TlsFiles> {
  const { tlsCertFile, tlsKeyFile } = config;
  if (tlsCertFile === null || tlsKeyFile === null) return localTls(folder.tlsDir, systemClock.nowMs());
  const read = (path: string) =>
    readFile(path, 'utf8').catch((cause: unknown) => {
      throw new Error(`cannot read ${path}: check --tls-cert-file and --tls-key-file`, { cause });
    });
  return { certPem: await read(tlsCertFile), keyPem: await read(tlsKeyFile), caFile: tlsCertFile };
}
