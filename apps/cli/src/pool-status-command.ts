// `pool status`: who holds which line, who waits, what each tenant is owed.
import type { Command } from 'commander';
import { pausesOf, type PoolStatus } from '@trunkline/admission';
import type { Row } from './output.js';
import { poolStatuses } from './pool-statuses.js';
import type { Inquire } from './run-command.js';

const HOW_TO_READ = `
How to read it: open lines have a session, pending ones are being dialled, kept ones wait a moment for a client to come back.
held_back: of the free lines, those that only tenants below their floor may take. A family's free lines are those under its
own cap; the pool's may be fewer. fair_share: lines that a tenant should hold now, by floors, weights and what everybody holds
and waits for; owed: how many it is short of that. A tenant that is not named holds no line, waits for none and has no floor.
`;

/** Adds the command to `pool`. */
export function addPoolStatusCommand(pool: Command, inquire: Inquire): void {
  pool
    .command('status [pool]')
    .description(
      'how full pools are, how tenants stand against their shares; asks Redis, or the product that runs here',
    )
    .option('--lines [max]', `also who waits, and about so many of who holds a line since when (1 to ${LINES_MAX})`)
    .option('--after <page>', 'the lines after a page before; it says what to give')
    .addHelpText('after', HOW_TO_READ)
    .action((named: string | undefined, options: Options, command: Command) =>
      inquire(command, async (flags) => {
        const lines = linesAsked(named, options);
        const statuses = await poolStatuses(flags, { named: named ?? null, lines });
        return { json: statuses, tables: lines ? [...summaries(statuses), ...holders(statuses)] : summaries(statuses) };
      }),
    );
}

const LINES_MAX = 1_000;
const LINES_USUALLY = 100;

interface Options {
  readonly lines?: true | string;
  readonly after?: string;
}

function linesAsked(named: string | undefined, { lines, after }: Options) {
  if (after !== undefined && (lines === undefined || named === undefined))
    throw new Error('--after goes on with the lines of one pool: name the pool and give --lines');
  if (lines === undefined) return null;
  if (after !== undefined && !/^\w{1,64}$/.test(after))
    throw new Error('--after must be what the page before said to go on with');
  const linesMax = lines === true ? LINES_USUALLY : Number(lines);
  if (!Number.isInteger(linesMax) || linesMax < 1 || linesMax > LINES_MAX)
    throw new Error(`--lines must be a number of lines from 1 to ${LINES_MAX}`);
  return { linesMax, after: after ?? null };
}

function summaries(statuses: readonly PoolStatus[]): readonly (readonly Row[])[] {
  return [statuses.map(poolRow), statuses.flatMap(familyRows), statuses.flatMap(tenantRows)];
}

function holders(statuses: readonly PoolStatus[]): readonly (readonly Row[])[] {
  return [statuses.flatMap(lineRows), statuses.flatMap(waitingRows)];
}

function poolRow({ pool, status, totals }: PoolStatus): Row {
  const { cap, open, pending, kept, free, heldBack, waiting } = totals;
  const paused_for = pausesOf(totals);
  return { pool, status, cap, open, pending, kept, free, held_back: heldBack, waiting, paused_for };
}

function familyRows({ pool, families }: PoolStatus): readonly Row[] {
  return families.map(({ family, cap, held, free, heldBack, waiting }) => ({
    ...{ pool, family, cap, held, free, held_back: heldBack, waiting },
  }));
}

function tenantRows({ pool, tenants }: PoolStatus): readonly Row[] {
  return tenants.map(({ tenant, held, pending, kept, waiting, floor, ceiling, weight, fairShare, owed }) => ({
    ...{ pool, tenant, held, pending, kept, waiting, floor, ceiling, weight },
    ...{ fair_share: fairShare, owed },
  }));
}

function lineRows({ pool, asOf, lines, nextLines }: PoolStatus): readonly Row[] {
  const rows = lines.map((line) => ({ pool, line: line.state, ...holderRow(line, asOf) }));
  return nextLines === null ? rows : withNote(rows, `(more: --after ${nextLines})`);
}

function waitingRows({ pool, asOf, waiting, totals }: PoolStatus): readonly Row[] {
  const rows = waiting.map((call, i) => ({ pool, waits: i + 1, ...holderRow(call, asOf) }));
  const more = totals.waiting - rows.length;
  // The API sends a bounded number of them.
  return more > 0 ? withNote(rows, `(${more} more)`) : rows;
}

type Holder = PoolStatus['waiting'][number];

function holderRow({ tenant, key, family, since, sessionId, replicaId }: Holder, asOf: string) {
  // Redis and this machine may have clocks of their own.
  const seconds = Math.max(0, Math.round((Date.parse(asOf) - Date.parse(since)) / 1_000));
  return { tenant, key, family, since, for: `${seconds}s`, session: sessionId, replica: replicaId };
}

function withNote(rows: readonly Row[], note: string): readonly Row[] {
  const blank = Object.fromEntries(Object.keys(rows[0] ?? {}).map((column) => [column, null]));
  return [...rows, { ...blank, pool: note }];
}
