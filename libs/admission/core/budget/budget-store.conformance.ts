// What every budget store must do, as cases to run against an empty store whose clock the case sets.
import assert from 'node:assert/strict';
import { parseAmount, trustedId, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import { RESERVATION_MS, type BudgetStanding, type BudgetStore } from './budget-store.js';
import { periodsAt } from './periods.js';
import type { BudgetLimits } from './spend-limits.js';

/** A store under test. */
export interface BudgetStoreUnderTest {
  readonly store: BudgetStore;
  /** Moves the store's clock, which begins at `BUDGET_START_MS`. */
  readonly advance: (ms: number) => Promise<void>;
}

export interface BudgetStoreCase {
  readonly guarantee: string;
  readonly check: (under: BudgetStoreUnderTest) => Promise<void>;
}

/** Noon of 22 November 2026, UTC. */
export const BUDGET_START_MS = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Any tenant of the cases. */
export const BUDGET_TENANTS: readonly TenantId[] = ['a', 'b'].map((name) => trustedId('tnt', `tnt_${name}`));
const [TENANT, OTHER] = BUDGET_TENANTS as readonly [TenantId, TenantId];

/** Dollars as text. */
export function dollars(text: string): AmountPico {
  const amount = parseAmount(text);
  assert.ok(amount !== null, text);
  return amount;
}

const NONE: BudgetLimits = { dayMax: null, monthMax: null, tokensPerMinuteMax: null };
const month = (max: string): BudgetLimits => ({ ...NONE, monthMax: dollars(max) });
const start = (turnId: string, limits: BudgetLimits, estimate: string | null = '0.1') => ({
  tenantId: TENANT,
  turnId,
  limits,
  estimate: estimate === null ? null : dollars(estimate),
});
const end = (turnId: string, limits: BudgetLimits, amount = '0.1', tokens = 0) => ({
  tenantId: TENANT,
  turnId,
  limits,
  amount: dollars(amount),
  tokens,
});
const denialOf = ({ denial }: BudgetStanding): string =>
  denial === null ? 'none' : denial.kind === 'tokens' ? 'tokens' : `${denial.kind} ${denial.period}`;
const crossedOf = ({ crossed }: BudgetStanding): string =>
  crossed.map(({ period, percent }) => `${period} ${percent}`).join(', ');
const recorded = (amount: string, atMs = BUDGET_START_MS) => ({
  ...periodsAt(atMs),
  dayAmount: dollars(amount),
  monthAmount: dollars(amount),
});

/** The cases. */
export const BUDGET_STORE_CASES: readonly BudgetStoreCase[] = [
  {
    guarantee: 'the turn that crosses a limit is the last, however many race',
    check: async ({ store }) => {
      const limits = month('1');
      const turns = Array.from({ length: 100 }, (_, i) => `${i}`);
      const standings = await Promise.all(turns.map((turn) => store.reserve(start(turn, limits, '0.03'))));
      assert.equal(standings.filter((each) => each.denial === null).length, 34);
      assert.equal(denialOf(standings.at(-1) as BudgetStanding), 'held month');
    },
  },
  {
    guarantee: 'what a turn cost takes the place of what was reserved for it',
    check: async ({ store }) => {
      const limits = month('1');
      await store.reserve(start('a', limits, '1'));
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'held month');
      assert.equal(denialOf(await store.settle(end('a', limits, '0.25'))), 'none');
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'none');
    },
  },
  {
    guarantee: 'a limit that is spent stays so until its period is over',
    check: async ({ store, advance }) => {
      const limits = { ...NONE, dayMax: dollars('1') };
      assert.equal(denialOf(await store.settle(end('a', limits, '1'))), 'spent day');
      await advance(11 * 3_600_000);
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'spent day');
      await advance(3_600_000);
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'none');
    },
  },
  {
    guarantee: 'a new month begins at midnight UTC of its first day',
    check: async ({ store, advance }) => {
      const limits = month('1');
      await store.settle(end('a', limits, '1'));
      await advance(8 * DAY_MS + 12 * 3_600_000 - 1);
      assert.equal(denialOf(await store.look(TENANT, limits, null)), 'spent month');
      await advance(1);
      assert.equal(denialOf(await store.look(TENANT, limits, null)), 'none');
    },
  },
  {
    guarantee: 'what a killed gateway had reserved is free again after a while',
    check: async ({ store, advance }) => {
      const limits = month('1');
      await store.reserve(start('lost', limits, '1'));
      await advance(RESERVATION_MS - 1);
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'held month');
      await advance(1);
      assert.equal(denialOf(await store.reserve(start('b', limits))), 'none');
    },
  },
  {
    guarantee: 'a released turn holds nothing, and releasing again changes nothing',
    check: async ({ store }) => {
      const limits = month('1');
      await store.reserve(start('a', limits, '0.6'));
      await store.reserve(start('b', limits, '0.6'));
      await store.release(TENANT, 'a');
      await store.release(TENANT, 'a');
      assert.equal(denialOf(await store.reserve(start('c', limits, '0.1'))), 'none');
      assert.equal(denialOf(await store.reserve(start('d', limits, '0.3'))), 'none');
      assert.equal(denialOf(await store.reserve(start('e', limits))), 'held month');
    },
  },
  {
    guarantee: 'reserving for the same turn again reserves once',
    check: async ({ store }) => {
      const limits = month('1');
      for (let i = 0; i < 5; i += 1) assert.equal(denialOf(await store.reserve(start('a', limits, '0.9'))), 'none');
    },
  },
  {
    guarantee: 'a turn of unknown cost is taken to cost as much as the last one',
    check: async ({ store }) => {
      const limits = month('1');
      await store.reserve(start('a', limits));
      await store.settle(end('a', limits, '0.3'));
      for (const turn of ['b', 'c', 'd'])
        assert.equal(denialOf(await store.reserve(start(turn, limits, null))), 'none');
      assert.equal(denialOf(await store.reserve(start('e', limits, null))), 'held month');
    },
  },
  {
    guarantee: 'each threshold is told once for a period and a limit, and again for another limit',
    check: async ({ store, advance }) => {
      const limits = month('1');
      assert.equal(crossedOf(await store.settle(end('a', limits, '0.49'))), '');
      assert.equal(crossedOf(await store.settle(end('b', limits, '0.01'))), 'month 50');
      assert.equal(crossedOf(await store.settle(end('c', limits, '0.29'))), '');
      assert.equal(crossedOf(await store.settle(end('d', limits, '0.9'))), 'month 80, month 100');
      assert.equal(crossedOf(await store.look(TENANT, limits, null)), '');
      assert.equal(crossedOf(await store.look(TENANT, month('2'), null)), 'month 50, month 80');
      assert.equal(crossedOf(await store.look(TENANT, limits, null)), '');
      await advance(31 * DAY_MS);
      assert.equal(crossedOf(await store.settle(end('e', limits, '0.5'))), 'month 50');
    },
  },
  {
    guarantee: 'what the ledger recorded raises the counters and never lowers them',
    check: async ({ store }) => {
      const limits = month('1');
      assert.equal((await store.look(TENANT, limits, null)).isPrimed, false);
      const primed = await store.look(TENANT, limits, recorded('0.6'));
      assert.deepEqual([primed.isPrimed, crossedOf(primed)], [true, 'month 50']);
      await store.settle(end('a', limits, '0.3'));
      assert.equal(crossedOf(await store.look(TENANT, limits, recorded('0.7'))), '');
      assert.equal(denialOf(await store.settle(end('b', limits, '0.1'))), 'spent month');
    },
  },
  {
    guarantee: 'months are those of the calendar, leap years included',
    check: async ({ store, advance }) => {
      let nowMs = BUDGET_START_MS;
      for (let ahead = 1; ahead <= 28; ahead += 1) {
        const nextMs = Date.UTC(2026, 10 + ahead, 1);
        for (const instantMs of [nextMs - 1, nextMs]) {
          await advance(instantMs - nowMs);
          nowMs = instantMs;
          const expected = instantMs === nextMs || ahead === 1 ? 'none' : 'spent month';
          assert.equal(denialOf(await store.look(TENANT, month('1'), null)), expected, new Date(nowMs).toISOString());
          assert.equal(denialOf(await store.look(TENANT, month('1'), recorded('1', nowMs))), 'spent month');
        }
      }
    },
  },
  {
    guarantee: 'what is recorded of another period is not counted in this one',
    check: async ({ store, advance }) => {
      const limits = month('1');
      const yesterday = recorded('5');
      await advance(31 * DAY_MS);
      const standing = await store.look(TENANT, limits, yesterday);
      assert.deepEqual([denialOf(standing), standing.isPrimed], ['none', false]);
    },
  },
  {
    guarantee: 'tokens of the last minute block a turn and say when to try again',
    check: async ({ store, advance }) => {
      const limits = { ...NONE, tokensPerMinuteMax: 100 };
      await store.settle(end('a', limits, '0', 60));
      await advance(10_000);
      const { denial } = await store.settle(end('b', limits, '0', 40));
      assert.deepEqual(denial, { kind: 'tokens', used: 100, retryAfterMs: MINUTE_MS - 10_000 });
      await advance(MINUTE_MS - 10_001);
      assert.equal(denialOf(await store.reserve(start('c', limits))), 'tokens');
      await advance(1);
      assert.equal(denialOf(await store.reserve(start('c', limits))), 'none');
    },
  },
  {
    guarantee: 'a turn blocked by tokens is told to wait until there are fewer than the limit, not as many',
    check: async ({ store, advance }) => {
      const limits = { ...NONE, tokensPerMinuteMax: 100 };
      await store.settle(end('a', limits, '0', 20));
      await advance(10_000);
      const { denial } = await store.settle(end('b', limits, '0', 100));
      assert.deepEqual(denial, { kind: 'tokens', used: 120, retryAfterMs: MINUTE_MS });
    },
  },
  {
    guarantee: "a tenant's budget is its own",
    check: async ({ store }) => {
      const limits = month('1');
      await store.settle(end('a', limits, '5'));
      assert.equal(denialOf(await store.reserve({ ...start('a', limits), tenantId: OTHER })), 'none');
    },
  },
  {
    guarantee: 'what is smaller than a billionth of a dollar counts as one, and nothing as nothing',
    check: async ({ store }) => {
      const limits = month('0.000000002');
      assert.equal(denialOf(await store.settle({ ...end('a', limits), amount: ZERO })), 'none');
      assert.equal(denialOf(await store.settle(end('b', limits, '0.000000000001'))), 'none');
      assert.equal(denialOf(await store.settle(end('c', limits, '0.000000000001'))), 'spent month');
    },
  },
];
