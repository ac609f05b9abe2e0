// The fair cap at its full size and for as long as asked: prints what was seen as JSON, exits with 1 when a promise was
// broken. `node --import ./test/support/ts-register.mjs test/faults/fair-cap/main.ts --minutes 10`
import { Command } from 'commander';
import { redisTrouble, TROUBLES, type Trouble } from './redis-troubles.js';
import { runFairCap } from './run.js';

interface Flags {
  readonly minutes: string;
  readonly clients: string;
  readonly trouble?: Trouble;
}

const SIZE = {
  gateways: 3,
  cap: 100,
  tenants: 40,
  floors: { tenants: 10, lines: 3 },
  waitMs: 10_000,
  waitingMax: 1_000,
  leaseTtl: '6s',
};
const CALM_MS = 10_000;
const FAIRNESS_MIN = 0.99;
// The median of what a client that waits for a line hears of it after.
const HAND_OVER_MS_MAX = 50;

const { minutes, clients, trouble } = new Command('fair-cap')
  .option('--minutes <n>', 'how long', '10')
  .option('--clients <n>', 'clients of each tenant', '10')
  .option('--trouble <kind>', `what happens to Redis: ${TROUBLES.join(', ')}`)
  .parse()
  .opts<Flags>();

const result = await runFairCap({
  size: SIZE,
  clientsPerTenant: Number(clients),
  seconds: Number(minutes) * 60,
  killEverySeconds: trouble === undefined ? 60 : null,
  ...(trouble === undefined ? {} : { trouble: redisTrouble(trouble, CALM_MS) }),
});
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
const { peak, leftOpen, counts, watched, handOvers } = result;
const isFair = trouble !== undefined || watched.fairness >= FAIRNESS_MIN;
// Nobody kills a gateway while Redis is in trouble, so whatever was cut was cut by that.
const isUnharmed = trouble === undefined || counts.cut === 0;
// A line that Redis is too hurt to hand over is late for everybody.
const isPrompt = trouble !== undefined || (handOvers.msP50 !== null && handOvers.msP50 < HAND_OVER_MS_MAX);
const holds =
  isUnharmed &&
  isPrompt &&
  peak <= SIZE.cap &&
  leftOpen === 0 &&
  counts.odd.length === 0 &&
  watched.floorsMissed === 0 &&
  isFair;
process.exitCode = holds ? 0 : 1;
