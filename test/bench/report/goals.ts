// The goals R1 to R10 of the relay, and how each is read from a run. Guarantees that a goal is "met" only by a number
// that was measured; what was not measured says so. An explicit list: a goal is one entry.
import { PORTKEY } from '../lanes/portkey.js';
import type { Sample } from '../run/rounds.js';
import type { Results } from './medians.js';

/** One line of the table of goals. `value` is what goal and stretch are held against. */
export interface GoalRow {
  id: string;
  what: string;
  value: number | null;
  unit: string;
  goal: string;
  met: boolean | null;
  stretch: string;
  stretchMet: boolean | null;
}

interface Goal {
  id: string;
  what: string;
  unit: string;
  /** The cells without which the line makes no sense in this run. */
  cell: string;
  atMost: boolean;
  goal: number;
  stretch: number | null;
  read(results: Results, lane: string): number | null;
}

type Reader = Goal['read'];
const ratio =
  (cell: string, name: string): Reader =>
  (results, lane) =>
    results.ratio(lane, cell, name);
const addedRatio =
  (cell: string, name: string): Reader =>
  (results, lane) =>
    results.addedRatio(lane, cell, name);
const figure =
  (cell: string, name: string): Reader =>
  (results, lane) =>
    results.figure(lane, cell, name);

const most = { atMost: true };
const least = { atMost: false };
const X = 'x nginx';

const GOALS: readonly Goal[] = [
  ...['voice-200', 'voice-1000'].map((cell): Goal => ({
    ...{ id: 'R1', what: `CPU per message, ${cell}`, unit: X, cell, ...most, goal: 1.6, stretch: 1.2 },
    read: ratio(cell, 'cpuUsPerMessage'),
  })),
  ...['voice-50', 'voice-200'].flatMap((cell): Goal[] => [
    {
      ...{ id: 'R2', what: `added latency p50, ${cell}`, unit: X, cell, ...most, goal: 1.4, stretch: 1 },
      read: addedRatio(cell, 'p50Us'),
    },
    {
      ...{ id: 'R2', what: `added latency p99, ${cell}`, unit: X, cell, ...most, goal: 2, stretch: 1 },
      read: addedRatio(cell, 'p99Us'),
    },
  ]),
  {
    ...{ id: 'R2', what: 'added latency p50, voice-1000', unit: 'us', cell: 'voice-1000', ...most },
    ...{ goal: 10_000, stretch: null },
    read: (results, lane) => results.added(lane, 'voice-1000', 'p50Us'),
  },
  ...[
    { cell: '2.5KB', what: '2.5 KB both ways', goal: 0.55, stretch: 0.75 },
    { cell: '216B', what: '216 B both ways', goal: 0.6, stretch: 0.9 },
    { cell: '16KB', what: '16 KB deltas', goal: 1, stretch: 1.8 },
  ].map((size): Goal => ({
    ...{ id: 'R3', unit: X, ...least, ...size, what: `messages per second of proxy CPU, ${size.what}` },
    read: ratio(size.cell, 'messagesPerCpuSecond'),
  })),
  {
    ...{ id: 'R4', what: 'handshakes per second of proxy CPU', unit: X, cell: 'handshakes', ...least },
    ...{ goal: 0.12, stretch: 0.25 },
    read: ratio('handshakes', 'handshakesPerCpuSecond'),
  },
  {
    ...{ id: 'R5', what: 'memory per idle session', unit: 'KiB', cell: 'idle-1000', ...most, goal: 48, stretch: 32 },
    read: figure('idle-1000', 'idleKiBPerSession'),
  },
  {
    ...{ id: 'R5', what: 'memory per active session, voice-1000', unit: 'KiB', cell: 'voice-1000', ...most },
    ...{ goal: 96, stretch: 64 },
    read: figure('voice-1000', 'activeKiBPerSession'),
  },
  ...[
    { what: 'slow reader', prefix: 'slowReader' },
    { what: 'slow upstream', prefix: 'slowUpstream' },
  ].flatMap(({ what, prefix }): Goal[] => [
    {
      ...{ id: 'R6', what: `growth per ${what}`, unit: 'KiB', cell: 'slow', ...most, goal: 1024, stretch: null },
      read: figure('slow', `${prefix}GrowthKiB`),
    },
    {
      ...{ id: 'R6', what: `neighbours' p99 beside a ${what}`, unit: 'x alone', cell: 'slow', ...most },
      ...{ goal: 1.1, stretch: null },
      read: figure('slow', `${prefix}P99Ratio`),
    },
  ]),
  {
    ...{ id: 'R9', what: 'CPU per message of two processes', unit: 'x one', cell: 'scale', ...most },
    ...{ goal: 1.1, stretch: null },
    read: figure('scale', 'togetherRatio'),
  },
  ...['voice-200', 'voice-1000'].map((cell): Goal => ({
    ...{ id: 'R8', what: `usage-bearing frame waits for the spool, p99, ${cell}`, unit: 'ms', cell },
    ...{ ...most, goal: 5, stretch: 2 },
    read: figure(cell, 'spoolWaitP99Ms'),
  })),
];

/** Holds a lane's figures against the goals. */
export function goalRows(results: Results, lane: string): GoalRow[] {
  const rows = GOALS.filter((goal) => results.has(goal.cell)).map((goal) => rowOf(goal, goal.read(results, lane)));
  return [...rows, peerRow(results, lane), tlsRow(results, lane), integrityRow(results, lane)].filter(
    (row) => row !== null,
  );
}

/** Whether every frame of a lane arrived once, in order and unaltered, and no session ended by itself. */
export function isIntact(samples: readonly Sample[], lane: string): boolean {
  return samples.filter((sample) => sample.lane === lane).every((sample) => wrongFrames(sample) === 0);
}

function rowOf(goal: Goal, value: number | null): GoalRow {
  const holds = (limit: number | null): boolean | null => {
    if (value === null || limit === null) return null;
    return goal.atMost ? value <= limit : value >= limit;
  };
  const show = (limit: number | null): string =>
    limit === null ? '-' : `${goal.atMost ? '<=' : '>='} ${limit} ${goal.unit}`;
  return {
    id: goal.id,
    what: goal.what,
    value,
    unit: goal.unit,
    goal: show(goal.goal),
    met: holds(goal.goal),
    stretch: show(goal.stretch),
    stretchMet: holds(goal.stretch),
  };
}

/** R3 names a peer as well, which is measured only where somebody installed it. */
function peerRow(results: Results, lane: string): GoalRow | null {
  if (!results.lanes.includes(PORTKEY) || !results.has('2.5KB')) return null;
  const value = results.ratio(lane, '2.5KB', 'messagesPerCpuSecond', PORTKEY);
  const goal = { id: 'R3', what: 'messages per second of proxy CPU, 2.5 KB both ways', unit: `x ${PORTKEY}` };
  return rowOf({ ...goal, cell: '2.5KB', ...least, goal: 3.5, stretch: null, read: () => value }, value);
}

/** R7 is about the lane's TLS twin, where it was measured. */
function tlsRow(results: Results, lane: string): GoalRow | null {
  const tlsLane = `${lane}-tls`;
  const value = results.ratio(tlsLane, 'voice-200', 'cpuUsPerMessage');
  if (value === null) return null;
  const goal = { id: 'R7', what: 'CPU per message with TLS on both sides, voice-200', unit: 'x nginx-tls' };
  return rowOf({ ...goal, cell: 'voice-200', ...most, goal: 2, stretch: 1.3, read: () => value }, value);
}

function integrityRow(results: Results, lane: string): GoalRow {
  const samples = results.samples.filter((sample) => sample.lane === lane);
  const wrong = samples.reduce((sum, sample) => sum + wrongFrames(sample), 0);
  const goal = { id: 'R10', what: 'frames lost, reordered, altered or made up; sessions ended', unit: '' };
  return rowOf({ ...goal, cell: '', ...most, goal: 0, stretch: null, read: () => wrong }, wrong);
}

function wrongFrames({ integrity, endedEarly }: Sample): number {
  return integrity.lost + integrity.reordered + integrity.altered + integrity.foreign + endedEarly;
}
