// What a run measures. Guarantees that the full plan ends within 20 minutes and the quick one within two on a quiet
// machine, with the lanes they are made for.
import type { Cell } from './cell.js';

/** The modes that `--modes` may name. */
export const MODES = ['memory', 'paced', 'saturation', 'handshakes', 'slow', 'scale'] as const;

/** Everything a run needs to know. */
export interface Plan {
  rounds: number;
  cells: Cell[];
  /** How long all waiting for a quiet machine may take together. */
  patienceMs: number;
  /** Sessions that warm a lane up before its base memory is read. */
  warmUpSessions: number;
  /** How old a Node program must be before its base memory is read; see `warmUp`. */
  ageMs: number;
}

const full: Plan = {
  rounds: 3,
  patienceMs: 240_000,
  warmUpSessions: 20,
  ageMs: 25_000,
  cells: [
    { mode: 'memory', name: 'idle-1000', sessions: 1000 },
    { mode: 'rehearsal', name: 'rehearsal', sessions: 100, windowMs: 25_000 },
    { mode: 'paced', name: 'voice-1000', behaviour: 'voice', sessions: 1000, windowMs: 5000 },
    { mode: 'paced', name: 'voice-200', behaviour: 'voice', sessions: 200, windowMs: 5000 },
    { mode: 'paced', name: 'voice-50', behaviour: 'voice', sessions: 50, windowMs: 5000 },
    { mode: 'paced', name: 'unbilled-200', behaviour: 'unbilled', sessions: 200, windowMs: 4000 },
    { mode: 'paced', name: 'phone-200', behaviour: 'phone', sessions: 200, windowMs: 4000 },
    { mode: 'saturation', name: '2.5KB', behaviour: 'exchange-voice', sessions: 64, windowMs: 3000 },
    { mode: 'saturation', name: '216B', behaviour: 'exchange-small', sessions: 64, windowMs: 3000 },
    { mode: 'saturation', name: '16KB', behaviour: 'exchange-large', sessions: 64, windowMs: 3000 },
    { mode: 'handshakes', name: 'handshakes', windowMs: 3000 },
    { mode: 'slow', name: 'slow', neighbours: 50, slow: 20, windowMs: 3000 },
  ],
};

const quick: Plan = {
  rounds: 1,
  patienceMs: 10_000,
  warmUpSessions: 20,
  ageMs: 0,
  cells: [
    { mode: 'rehearsal', name: 'rehearsal', sessions: 100, windowMs: 5000 },
    { mode: 'paced', name: 'voice-200', behaviour: 'voice', sessions: 200, windowMs: 3000 },
    { mode: 'paced', name: 'voice-50', behaviour: 'voice', sessions: 50, windowMs: 3000 },
    { mode: 'saturation', name: '2.5KB', behaviour: 'exchange-voice', sessions: 64, windowMs: 1500 },
    { mode: 'saturation', name: '16KB', behaviour: 'exchange-large', sessions: 64, windowMs: 1500 },
    { mode: 'handshakes', name: 'handshakes', windowMs: 1500 },
  ],
};

/** Measured only when asked for: a second process needs the core that the load needs. */
const scale: Cell = { mode: 'scale', name: 'scale', sessions: 100, windowMs: 4000 };

/** What a caller may change. */
export interface PlanOptions {
  quick: boolean;
  modes?: readonly string[];
  rounds?: number;
  patienceMs?: number;
}

/** The plan for a run, cut down to some modes and with another number of rounds where asked. */
export function planFor(options: PlanOptions): Plan {
  const plan = options.quick ? quick : full;
  const { modes } = options;
  const unknown = modes?.find((mode) => !MODES.some((known) => known === mode));
  if (unknown !== undefined) throw new Error(`no mode "${unknown}"; modes: ${MODES.join(', ')}`);
  const cells = modes
    ? [...plan.cells, scale].filter((cell) => modes.includes(cell.mode) || isPreparation(cell))
    : plan.cells;
  if (cells.every(isPreparation)) throw new Error('nothing to measure: the quick plan has no such mode');
  const countsMemory = cells.some((cell) => cell.mode === 'memory' || cell.mode === 'paced');
  return {
    ...plan,
    cells,
    ageMs: countsMemory ? plan.ageMs : 0,
    rounds: options.rounds ?? plan.rounds,
    patienceMs: options.patienceMs ?? plan.patienceMs,
  };
}

const isPreparation = ({ mode }: Cell): boolean => mode === 'rehearsal';
