// From the gateway's journal to the books: usage is appended to a real spool at a rate, drained into PostgreSQL by this
// process, as a gateway does, and rated, posted and summed up by a worker process of its own.
import { setTimeout as delay } from 'node:timers/promises';
import { Drain, openSpool } from '@trunkline/metering/adapters/spool';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';
import { Histogram } from '../workload/histogram.js';
import { UsageSource } from './generated-usage.js';

/** How much for how long. */
export interface Load {
  readonly name: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** What came of it. */
export interface LoadFigures {
  readonly name: string;
  readonly appended: number;
  readonly appendedPerSecond: number;
  /** Until an append is durable, as a call would wait. */
  readonly appendMsP50: number;
  readonly appendMsP99: number;
  /** In the journal on disk or in the database, not in the books, when the last event was appended. */
  readonly behindAtEnd: number;
  /** From then until everything was in the books. */
  readonly catchUpSeconds: number;
  /** Appended events over the time until all of them were in the books. */
  readonly bookedPerSecond: number;
  /** CPU of each part for an event, in milliseconds: what a machine that is shared still tells. */
  readonly cpuMs: Readonly<Record<keyof CpuClocks, number>>;
}

/** CPU seconds used so far: by this process (spool and drain), by the worker, by the server. */
export interface CpuClocks {
  readonly gateway: () => number;
  readonly worker: () => number;
  readonly postgres: () => number;
}

/** What the books hold beside what they should. */
export interface PostingCheck {
  readonly events: number;
  readonly journalled: number;
  readonly transactions: number;
  /** Charges of the ledger and of the rollups, as decimals. */
  readonly charged: string;
  readonly summedUp: string;
}

const STEP_MS = 20;
const POLL_MS = 200;
const CATCH_UP_MS_MAX = 600_000;
// As a gateway's own (apps/gateway).
const STOP_MS = 10_000;

/** Where, what, and whose CPU. */
export interface PostingOptions {
  readonly folder: string;
  readonly seed: number;
  readonly loads: readonly Load[];
  readonly cpu: CpuClocks;
}

/** Runs the loads one after the other. The worker must be up. */
export async function measurePosting(
  db: Database,
  { folder, seed, loads, cpu }: PostingOptions,
): Promise<{ readonly figures: LoadFigures[]; readonly check: PostingCheck }> {
  const source = new UsageSource(seed);
  const spool = await openSpool({ folder });
  const drain = new Drain(spool, new PrismaJournalStore(db));
  drain.start();
  const figures: LoadFigures[] = [];
  let events = 0;
  try {
    for (const load of loads) {
      const before = read(cpu);
      const startedMs = performance.now();
      const appends = await append(spool, source, load);
      const appendedMs = performance.now();
      events += appends.count;
      const behindAtEnd = events - (await bookedEvents(db));
      await untilBooked(db, events);
      const [appendSeconds, allSeconds] = [(appendedMs - startedMs) / 1_000, (performance.now() - startedMs) / 1_000];
      figures.push({
        name: load.name,
        appended: appends.count,
        appendedPerSecond: appends.count / appendSeconds,
        appendMsP50: (appends.waits.quantile(0.5) ?? 0) / 1_000,
        appendMsP99: (appends.waits.quantile(0.99) ?? 0) / 1_000,
        behindAtEnd,
        catchUpSeconds: allSeconds - appendSeconds,
        bookedPerSecond: appends.count / allSeconds,
        cpuMs: perEvent(before, read(cpu), appends.count),
      });
    }
    return { figures, check: await checkBooks(db, events) };
  } finally {
    await drain.stop(STOP_MS);
    await spool.close();
  }
}

type CpuSeconds = Readonly<Record<keyof CpuClocks, number>>;

function read({ gateway, worker, postgres }: CpuClocks): CpuSeconds {
  return { gateway: gateway(), worker: worker(), postgres: postgres() };
}

function perEvent(before: CpuSeconds, after: CpuSeconds, events: number): CpuSeconds {
  const ms = (part: keyof CpuClocks): number => ((after[part] - before[part]) * 1_000) / events;
  return { gateway: ms('gateway'), worker: ms('worker'), postgres: ms('postgres') };
}

type Spool = Awaited<ReturnType<typeof openSpool>>;

// By the clock and not one after the other: a slow append delays none of those after it.
async function append(
  spool: Spool,
  source: UsageSource,
  { perSecond, seconds }: Load,
): Promise<{ readonly count: number; readonly waits: Histogram }> {
  const waits = new Histogram();
  const total = perSecond * seconds;
  const startedMs = performance.now();
  const underway: Promise<void>[] = [];
  while (underway.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1_000) * perSecond));
    while (underway.length < due) {
      const event = source.next(Date.now());
      const askedMs = performance.now();
      underway.push(
        spool.append({ kind: 'usage', event }).then(() => waits.record((performance.now() - askedMs) * 1_000)),
      );
    }
    await delay(STEP_MS);
  }
  await Promise.all(underway);
  return { count: total, waits };
}

async function untilBooked(db: Database, events: number): Promise<void> {
  const deadlineMs = performance.now() + CATCH_UP_MS_MAX;
  for (;;) {
    const booked = await bookedEvents(db);
    if (booked >= events) return;
    if (performance.now() > deadlineMs) throw new Error(`only ${booked} of ${events} events are in the books`);
    await delay(POLL_MS);
  }
}

const count = z.tuple([z.object({ count: z.number() })]);

// By the heads of chains, which count what was booked: counting the rows themselves would be a load of its own.
async function bookedEvents(db: Database): Promise<number> {
  const rows = await db.$queryRaw`SELECT (coalesce(sum(sequence), 0) / 2)::int AS count FROM ledger_chain`;
  return count.parse(rows)[0].count;
}

async function checkBooks(db: Database, events: number): Promise<PostingCheck> {
  const deadlineMs = performance.now() + CATCH_UP_MS_MAX;
  while ((await db.rollupNote.count()) > 0 && performance.now() < deadlineMs) await delay(POLL_MS);
  const rows = await db.$queryRaw`
    SELECT (SELECT count(*)::int FROM usage_event) AS journalled,
           (SELECT count(*)::int FROM ledger_transaction) AS transactions,
           (SELECT sum(total)::text FROM ledger_transaction WHERE purpose = 'tenant_charge') AS charged,
           (SELECT sum(tenant_charge)::text FROM usage_rollup_month) AS "summedUp"`;
  const shape = z.object({
    journalled: z.number(),
    transactions: z.number(),
    charged: z.string(),
    summedUp: z.string(),
  });
  return { events, ...z.tuple([shape]).parse(rows)[0] };
}
