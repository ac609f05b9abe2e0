// Has the product compare its books with the vendor's, and deliver what schedules owe after a close: as the worker does it.
import { parseAmount, ZERO } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import { reconcilingPrices, type VendorBooks } from '@trunkline/reporting';
import { deliverRun, EXPORT_FORMATS, performRun, type ExportPlace } from '@trunkline/reporting/adapters/export';
import {
  createSchedule,
  dueDeliveries,
  dueRuns,
  findExport,
  reconcilePool,
  requestDueRuns,
  targetOfSchedule,
  type ReconciliationRun,
} from '@trunkline/reporting/adapters/prisma';
import { dollarsOf } from './oracle.js';
import { DAY_MS, FIRST_DAY_MS, LAST_DAY_MS, OUR_KEY, type VendorSide } from './vendor-side.js';
import type { Report } from './traffic.js';

const MICRO = 1_000_000n;
const OWED_MAX = 100;
const FORMATS = EXPORT_FORMATS.map(({ id }) => id);

/** Compares every day of the quarter. */
export async function reconcileQuarter(
  db: Database,
  vendor: VendorSide,
  poolId: Report['poolId'],
): Promise<ReadonlyMap<number, ReconciliationRun>> {
  const account = { adminKey: 'sk-admin', baseUrl: 'http://vendor.invalid/v1', projectIds: [], apiKeyIds: [OUR_KEY] };
  const source = { poolId, poolSlug: 'main', ...account };
  const books = booksOf(vendor);
  const context = {
    ...{ db, nowMs: LAST_DAY_MS + 30 * DAY_MS, sources: [source], booksOf: () => books },
    prices: reconcilingPrices((await loadPriceBook(db)).books),
    recordMonth: () => Promise.resolve(),
  };
  const runs = new Map<number, ReconciliationRun>();
  for (let dayMs = FIRST_DAY_MS; dayMs <= LAST_DAY_MS; dayMs += DAY_MS) {
    const run = await reconcilePool(context, source, { dayMs, trigger: 'schedule', actor: 'worker' });
    if (run !== null) runs.set(dayMs, run);
  }
  return runs;
}

function booksOf({ uses, charges }: VendorSide): VendorBooks {
  const read = uses.map(({ count, ...use }) => ({ ...use, quantityMicro: count * MICRO }));
  const costs = charges.map(({ pico, ...charge }) => ({ ...charge, amount: parseAmount(dollarsOf(pico)) ?? ZERO }));
  const isIn =
    (from: number, to: number) =>
    (atMs: number): boolean =>
      atMs >= from && atMs < to;
  return {
    usage: ({ fromMs, toMs }) => Promise.resolve(read.filter(({ hourMs }) => isIn(fromMs, toMs)(hourMs))),
    costs: ({ fromMs, toMs }) => Promise.resolve(costs.filter(({ dayMs }) => isIn(fromMs, toMs)(dayMs))),
  };
}

/** Schedules of formats that are owed after each close, delivered to a folder. */
export async function scheduleAfterCloses(db: Database, formats: readonly string[], path: string): Promise<void> {
  for (const format of formats) {
    const what = { format, tenantId: null, options: {}, cadence: 'after_close', target: { kind: 'folder', path } };
    const made = await createSchedule(db, { ...what, createdBy: 'ann' }, FORMATS);
    if (!made.ok) throw new Error(made.error.message);
  }
}

/** Makes and delivers what is owed now. @returns what was: `2026-07 gl` and the hash of its manifest. */
export async function deliverWhatIsOwed(
  place: ExportPlace,
  nowMs: number,
): Promise<ReadonlyMap<string, string | null>> {
  const { refused } = await requestDueRuns(place.db, nowMs, FORMATS);
  if (refused.length > 0) throw new Error(refused.map(({ why }) => why).join('; '));
  for (const id of await dueRuns(place.db, OWED_MAX)) await performRun(place, id);
  const delivered = new Map<string, string | null>();
  for (const { runId } of await dueDeliveries(place.db, OWED_MAX)) {
    const run = await findExport(place.db, runId);
    const target = run?.scheduleId ? await targetOfSchedule(place.db, run.scheduleId) : null;
    if (run === null || target === null) throw new Error(`run ${runId} is of no schedule`);
    await deliverRun(place, run, target);
    delivered.set(`${run.period} ${run.format}`, run.sha256);
  }
  return delivered;
}
