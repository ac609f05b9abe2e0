// `run.json` in the data folder: where this instance listens, for the tools beside it (`talk`, `cli`, scripts). Holds
// paths to secrets, never secrets.
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `npm start -- --json` prints when it is ready, one line. */
export interface Ready {
  readonly httpUrl: string;
  readonly httpsUrl: string;
  readonly caFile: string;
  readonly adminUrl: string;
  /** For programs that have the operator token: `secrets/operator-token` in the data folder. */
  readonly adminApiUrl: string;
  readonly metricsUrl: string;
  readonly upstreamUrl: string;
  readonly simulator: boolean;
  readonly tenantId: string;
  readonly apiKey: string;
}

/** Writes the file and returns the function that removes it. */
export async function writeRunFile(
  dataDir: string,
  ready: Omit<Ready, 'apiKey' | 'adminUrl'>,
  apiKeyFile: string,
): Promise<() => Promise<void>> {
  const path = join(dataDir, 'run.json');
  await writeFile(`${path}.new`, `${JSON.stringify({ ...ready, apiKeyFile, pid: process.pid }, null, 2)}\n`, {
    mode: 0o600,
  });
  await rename(`${path}.new`, path);
  return () => rm(path, { force: true });
}
