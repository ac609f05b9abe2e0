// Starts the operators' listener of a program and has it closed with the program.
import type { Config } from '../config/index.js';
import type { Shutdown } from '../shutdown/index.js';
import { closeServer } from './close-server.js';
import { listen } from './listen.js';
import { createOpsServer, type OpsServerParts } from './ops-server.js';
import { urlHost } from './url-host.js';

const STOP_MS_MAX = 5_000;

/** Serves; resolves to the address of the metrics. @throws ListenFailed */
export async function serveOps(
  parts: OpsServerParts,
  { host, metricsPort }: Pick<Config, 'host' | 'metricsPort'>,
  shutdown: Shutdown,
): Promise<string> {
  const server = createOpsServer(parts);
  const port = await listen(server, { host, port: metricsPort, flag: '--metrics-port' });
  shutdown.register('metrics', STOP_MS_MAX, () => closeServer(server));
  return `http://${urlHost(host)}:${port}/metrics`;
}
