// A soak: paced voice sessions through the product for a long time. Prints memory and frames every half minute, and exits
// with 1 when a frame was lost, reordered or altered, a session ended by itself, or memory went on growing.
// `node dist/test/bench/soak/main.js --minutes 20 --sessions 100`
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { standalone } from '../lanes/trunkline.js';
import { finish } from '../run/cell.js';
import { warmUp } from '../run/cells.js';
import { makeCertificate } from '../run/certificate.js';
import { Load } from '../run/load.js';
import { measureWindow, proxyRss } from '../run/window.js';

const GROUP = 'soak';
const WINDOW_MS = 30_000;
const WARM_UP_SESSIONS = 20;
// Between the first and the last third of the run; a leak of one 2.5 KB frame in a thousand would be far above it.
const GROWTH_MAX = 0.2;
const PRODUCT = join(import.meta.dirname, '../../..');

interface Options {
  readonly minutes: string;
  readonly sessions: string;
}

const options = new Command('soak')
  .option('--minutes <n>', 'how long', '20')
  .option('--sessions <n>', 'paced voice sessions', '100')
  .parse()
  .opts<Options>();

async function soak(minutes: number, sessions: number): Promise<boolean> {
  const workDir = mkdtempSync(join(tmpdir(), 'trunkline-soak-'));
  chmodSync(workDir, 0o711);
  const certificate = await makeCertificate(workDir);
  const load = await Load.start(certificate);
  const lane = await standalone.start({ workDir, certificate, upstream: load.ports, productDir: PRODUCT });
  try {
    const baseKiB = await warmUp(load, lane, WARM_UP_SESSIONS);
    await load.open(lane.target, GROUP, 'voice', sessions);
    await load.speak();
    const memory: number[] = [];
    for (let passed = 0; passed < minutes * 60_000; passed += WINDOW_MS) {
      const { messages, p50Us, p99Us } = await measureWindow(load, lane, { group: GROUP, windowMs: WINDOW_MS });
      memory.push(proxyRss(lane));
      const at = ((passed + WINDOW_MS) / 60_000).toFixed(1);
      print(
        `${at} min: ${memory.at(-1)} KiB (base ${baseKiB}), ${messages} messages, p50 ${p50Us} us, p99 ${p99Us} us`,
      );
    }
    const { integrity, endedEarly, faults } = await finish(load, GROUP, {});
    const growth = growthOf(memory);
    print(JSON.stringify({ minutes, sessions, integrity, endedEarly, faults, growth: Number(growth.toFixed(3)) }));
    const broken = Object.values(integrity).some((count) => count > 0) || endedEarly > 0;
    return !broken && growth <= GROWTH_MAX;
  } finally {
    await lane.stop();
    await load.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** Growth of the median from the first to the last third of the samples, as a fraction. */
function growthOf(samples: readonly number[]): number {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const first = median(samples.slice(0, third));
  return (median(samples.slice(-third)) - first) / first;
}

function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = (await soak(Number(options.minutes), Number(options.sessions))) ? 0 : 1;
