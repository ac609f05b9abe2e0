import { systemClock } from '@trunkline/kernel';
import type { Config } from '@trunkline/platform/config';
import type { DataFolder } from '@trunkline/platform/data-folder';
import { givenTls, localTls, type TlsFiles } from '@trunkline/platform/tls';

/** The certificate that was given, or this machine's own, made on first start. @throws TlsRefused */
export function openTls({ tlsCertFile, tlsKeyFile }: Config, folder: Pick<DataFolder, 'tlsDir'>): Promise<TlsFiles> {
  const nowMs = systemClock.nowMs();
  if (tlsCertFile === null || tlsKeyFile === null) return localTls(folder.tlsDir, nowMs);
  return givenTls(tlsCertFile, tlsKeyFile, nowMs);
}
