// `pool status`: who holds which line, who waits, what each tenant is owed.
import type { Command } from 'commander';
import type { PoolStatus } from '@trunkline/admission';
import type { Row } from './output.js';
import { poolStatuses } from './pool-statuses.js';
import type { Inquire } from './run-command.js';

/** Adds the command to `pool`. */
export function addPoolStatusCommand(pool: Command, inquire: Inquire): void {
  pool
    .command('status [pool]')
    .description(
      'how full pools are, how tenants stand against their shares; asks Redis, or the product that runs here',
    )
    .option('--lines', 'also who holds which line since when, and who waits')
    .action((named: string | undefined, { lines }: { readonly lines?: true }, command: Command) =>
      inquire(command, async (flags) => {
        const statuses = await poolStatuses(flags, named ?? null);
        return { json: statuses, tables: lines ? [...summaries(statuses), ...holders(statuses)] : summaries(statuses) };
      }),
    );
}

function summaries(statuses: readonly PoolStatus[]): readonly (readonly Row[])[] {
  return [statuses.map(poolRow), statuses.flatMap(tenantRows)];
}

function holders(statuses: readonly PoolStatus[]): readonly (readonly Row[])[] {
  return [statuses.flatMap(lineRows), statuses.flatMap(waitingRows)];
}

function poolRow({ pool, status, totals }: PoolStatus): Row {
  const { cap, open, pending, kept, free, heldBack, waiting, pausedForMs } = totals;
  const paused_for = pausedForMs === 0 ? null : `${Math.ceil(pausedForMs / 1_000)}s`;
  return { pool, status, cap, open, pending, kept, free, held_back: heldBack, waiting, paused_for };
}

function tenantRows({ pool, tenants }: PoolStatus): readonly Row[] {
  return tenants.map(({ tenant, held, pending, kept, waiting, floor, ceiling, weight, fairShare, owed }) => ({
    ...{ pool, tenant, held, pending, kept, waiting, floor, ceiling, weight },
    ...{ fair_share: fairShare, owed },
  }));
}

function lineRows({ pool, asOf, lines, totals }: PoolStatus): readonly Row[] {
  const rows = lines.map((line) => ({ pool, line: line.state, ...holderRow(line, asOf) }));
  return withRest(rows, totals.open + totals.pending + totals.kept);
}

function waitingRows({ pool, asOf, waiting, totals }: PoolStatus): readonly Row[] {
  const rows = waiting.map((call, i) => ({ pool, waits: i + 1, ...holderRow(call, asOf) }));
  return withRest(rows, totals.waiting);
}

type Holder = PoolStatus['waiting'][number];

function holderRow({ tenant, key, family, since, sessionId, replicaId }: Holder, asOf: string) {
  // Redis and this machine may have clocks of their own.
  const seconds = Math.max(0, Math.round((Date.parse(asOf) - Date.parse(since)) / 1_000));
  return { tenant, key, family, since, for: `${seconds}s`, session: sessionId, replica: replicaId };
}

// The API sends a bounded number of each.
function withRest(rows: readonly Row[], total: number): readonly Row[] {
  const [first] = rows;
  if (first === undefined || rows.length >= total) return rows;
  const blank = Object.fromEntries(Object.keys(first).map((column) => [column, null]));
  return [...rows, { ...blank, pool: `(${total - rows.length} more)` }];
}
