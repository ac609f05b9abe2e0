// The simulator as the upstream when there is no OpenAI key: a process of its own, so that it costs the gateway nothing
// and is as far away as the real upstream would be. It ends when its standard input does, so a killed parent leaves no
// orphan.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** A running simulator. `baseUrl` ends in `/v1`. */
export interface SimulatorProcess {
  readonly baseUrl: string;
  readonly apiKey: string;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../simulator/main.js', import.meta.url));
const READY_MS_MAX = 20_000;
const readyLine = z.looseObject({ httpUrl: z.string() });
// It listens on loopback and knows no real account; any text will do.
const API_KEY = 'sk-simulator';

/** Starts the simulator on a free loopback port. Rejects when it does not come up. */
export async function startSimulatorProcess(onExit: (code: number | null) => void): Promise<SimulatorProcess> {
  const args = [PROGRAM, '--json', '--port', '0', '--key', API_KEY, '--until-stdin-ends'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let stopping = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      resolve();
      if (!stopping) onExit(code);
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the simulator did not start in time')), READY_MS_MAX);
    createInterface({ input: child.stdout }).once('line', resolve);
    void exited.then(() => reject(new Error('the simulator did not start')));
    child.once('error', reject);
    child.once('exit', () => clearTimeout(timer));
    child.stdout.once('data', () => clearTimeout(timer));
  });
  return {
    baseUrl: `${readyLine.parse(JSON.parse(line)).httpUrl}/v1`,
    apiKey: API_KEY,
    stop: () => {
      stopping = true;
      child.stdin.end();
      return exited;
    },
  };
}
