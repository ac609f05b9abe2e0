// The simulator as a process: flags, one ready line, a clean end on SIGTERM.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startSimulator, type Simulator, type SimulatorOptions } from './index.js';
import { parseConfig } from './config.js';

const USAGE = `Usage: main.js [options]
  --port N          plain HTTP and WebSocket port (default 8090, 0: any)
  --tls-port N      HTTPS and WSS port (needs --cert and --key-file)
  --host ADDRESS    address to listen on (default 127.0.0.1; the inspection endpoint has no password)
  --key KEY         accepted API key, may be repeated (default sk-simulator)
  --cert FILE       TLS certificate, PEM
  --key-file FILE   TLS private key, PEM
  --config FILE     configuration, JSON (see apps/simulator/README.md)
  --json            print one JSON line when ready
  --until-stdin-ends  stop when standard input ends, so that a parent that dies takes it along`;

interface Given {
  readonly options: SimulatorOptions;
  readonly json: boolean;
  readonly untilStdinEnds: boolean;
}

function readOptions(): Given | null {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8090' },
      'tls-port': { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      key: { type: 'string', multiple: true },
      cert: { type: 'string' },
      'key-file': { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      'until-stdin-ends': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { cert, 'key-file': keyFile, 'tls-port': tlsPort, key, config } = values;
  const options: SimulatorOptions = {
    host: values.host,
    port: portOf('--port', values.port),
    tlsPort: tlsPort === undefined ? null : portOf('--tls-port', tlsPort),
    ...(cert === undefined || keyFile === undefined
      ? {}
      : { tls: { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') } }),
    ...(key === undefined ? {} : { apiKeys: key }),
    ...(config === undefined ? {} : { config: parseConfig(JSON.parse(readFileSync(config, 'utf8'))) }),
  };
  return { options, json: values.json, untilStdinEnds: values['until-stdin-ends'] };
}

function portOf(flag: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${flag} needs a port number, not "${text}"`);
  return port;
}

function readyLine(simulator: Simulator, json: boolean): string {
  const { httpUrl, httpsUrl, wsUrl, wssUrl, inspectUrl, config } = simulator;
  if (json) return JSON.stringify({ httpUrl, httpsUrl, wsUrl, wssUrl, inspectUrl, apiKeys: config.apiKeys });
  const secure = wssUrl === null ? '' : ` and ${wssUrl}`;
  return `simulator of OpenAI's Realtime API ready: ${wsUrl}${secure}; books at ${inspectUrl}/books`;
}

async function main(): Promise<void> {
  const given = readOptions();
  if (given === null) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const simulator = await startSimulator(given.options);
  process.stdout.write(`${readyLine(simulator, given.json)}\n`);
  const stop = (): void => {
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (given.untilStdinEnds) process.stdin.resume().once('end', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
  process.exitCode = 1;
});
