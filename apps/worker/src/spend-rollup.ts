// Sums up what tenants spent soon after it was posted: only hours in which something was, at most once a second. What a
// killed worker left out is found at the next start, or by the look back that everybody takes now and then.
import { recomputeSpend, recomputeSpendSince, spendHourOf, type SpendHour } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

type Booked = Parameters<typeof spendHourOf>[0];

// Budgets are promised to see the ledger within two seconds.
const PASS_MS = 1_000;
const HOURS_PER_PASS = 200;
const LOOK_BACK_EVERY_MS = 300_000;
const LOOK_BACK_MS = 7_200_000;
const FIRST_LOOK_BACK_MS = 48 * 3_600_000;
const STOP_MS_MAX = 5_000;

/** What the rollup works with. */
export interface SpendRollupParts {
  readonly db: Database;
  readonly log: Log;
  readonly nowMs: () => number;
}

/** The hours to be summed up, and the work. */
export class SpendRollup {
  private readonly due = new Map<string, SpendHour>();
  private passing: Promise<void> | null = null;
  private lookedBackAtMs: number | null = null;

  constructor(private readonly parts: SpendRollupParts) {}

  /** These are in the books now. */
  booked(usage: readonly Booked[]): void {
    for (const each of usage) {
      const hour = spendHourOf(each);
      this.due.set(`${hour.tenantId} ${hour.hourMs}`, hour);
    }
  }

  /** Sums up what is due; one pass at a time. Never rejects: what failed is due again. */
  pass(): Promise<void> {
    this.passing ??= this.work().finally(() => (this.passing = null));
    return this.passing;
  }

  private async work(): Promise<void> {
    const hours = [...this.due].slice(0, HOURS_PER_PASS);
    for (const [key] of hours) this.due.delete(key);
    try {
      await this.lookBack();
      await recomputeSpend(
        this.parts.db,
        hours.map(([, hour]) => hour),
      );
    } catch (error) {
      for (const [key, hour] of hours) this.due.set(key, hour);
      this.parts.log.warn(
        { event: 'spend_rollup_failed', err: error },
        'what tenants spent could not be summed up yet',
      );
    }
  }

  private async lookBack(): Promise<void> {
    const nowMs = this.parts.nowMs();
    const last = this.lookedBackAtMs;
    if (last !== null && nowMs - last < LOOK_BACK_EVERY_MS) return;
    await recomputeSpendSince(this.parts.db, nowMs - (last === null ? FIRST_LOOK_BACK_MS : LOOK_BACK_MS));
    this.lookedBackAtMs = nowMs;
  }
}

/** Runs it until shutdown, which sums up once more. */
export function startSpendRollup(parts: SpendRollupParts, shutdown: Shutdown): SpendRollup {
  const rollup = new SpendRollup(parts);
  const timer = setInterval(() => void rollup.pass(), PASS_MS).unref();
  shutdown.register('spend rollup', STOP_MS_MAX, async () => {
    clearInterval(timer);
    await rollup.pass();
  });
  return rollup;
}
