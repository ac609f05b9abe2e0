// Budgets in Redis: what several gateway processes share. One script per atomic step, by Redis's own clock; the keys of a
// tenant carry its hash tag, so tenants spread over a cluster. Rejects with `BudgetStoreUnavailable` within `deadlineMs`.
// An eviction or a flush costs nothing but a look at the ledger: a tenant that Redis does not know is not primed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { billionthsUp, type TenantId } from '@trunkline/kernel';
import { z } from 'zod';
import {
  BudgetStoreUnavailable,
  FIRST_TURN_ESTIMATE_BILLIONTHS,
  LeaseStoreUnavailable,
  marksOf,
  RESERVATION_MS,
  THRESHOLDS,
  type BudgetDenial,
  type BudgetLimits,
  type BudgetStanding,
  type BudgetStore,
  type RecordedSpend,
  type TurnEnd,
  type TurnStart,
} from '../../index.js';
import { BoundedCalls } from './bounded-calls.js';
import { runScript, type LeaseRedis, type Script } from './scripts.js';

/** How a store uses its Redis. */
export interface RedisBudgetStoreOptions {
  /** First part of every hash tag. Default `trunkline`. */
  readonly slot?: string;
  /** Milliseconds after which a command counts as failed. Default 500. */
  readonly deadlineMs?: number;
  /** Commands under way at once, beyond which Redis counts as too slow. Default 2,000. */
  readonly inFlightMax?: number;
  /** Lua that sets `now`, for tests. */
  readonly clock?: string;
}

const STEPS = ['reserve', 'settle', 'release', 'look'] as const;
type Step = (typeof STEPS)[number];
const KEYS = ['spend', 'turns', 'held', 'tokens'] as const;

/** The shared store. */
export class RedisBudgetStore implements BudgetStore {
  readonly #scripts: ReadonlyMap<Step, Script>;
  readonly #calls: BoundedCalls;
  readonly #slot: string;

  constructor(
    private readonly redis: LeaseRedis,
    options: RedisBudgetStoreOptions = {},
  ) {
    this.#scripts = loadSteps(options.clock ?? read('clock.lua'));
    this.#calls = new BoundedCalls(options.deadlineMs ?? 500, options.inFlightMax ?? 2_000);
    this.#slot = options.slot ?? 'trunkline';
  }

  async reserve({ tenantId, turnId, limits, estimate }: TurnStart): Promise<BudgetStanding> {
    const amount = estimate === null ? '' : `${billionthsUp(estimate)}`;
    return parseStanding(
      await this.#run('reserve', tenantId, limits, [turnId, amount, `${FIRST_TURN_ESTIMATE_BILLIONTHS}`]),
      limits,
    );
  }

  async settle({ tenantId, turnId, limits, amount, tokens }: TurnEnd): Promise<BudgetStanding> {
    return parseStanding(
      await this.#run('settle', tenantId, limits, [turnId, `${billionthsUp(amount)}`, tokens]),
      limits,
    );
  }

  async release(tenantId: TenantId, turnId: string): Promise<void> {
    await this.#run('release', tenantId, null, [turnId]);
  }

  async look(tenantId: TenantId, limits: BudgetLimits, recorded: RecordedSpend | null): Promise<BudgetStanding> {
    const args =
      recorded === null
        ? []
        : [
            recorded.day,
            `${billionthsUp(recorded.dayAmount)}`,
            recorded.month,
            `${billionthsUp(recorded.monthAmount)}`,
          ];
    return parseStanding(await this.#run('look', tenantId, limits, args), limits);
  }

  async #run(
    step: Step,
    tenantId: TenantId,
    limits: BudgetLimits | null,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const script = this.#scripts.get(step);
    if (!script) throw new Error(`there is no script ${step}`);
    // One slot per tenant: a tenant's id is made by us and holds no brace.
    const keys = KEYS.map((key) => `{${this.#slot}:budget:${tenantId}}:${key}`);
    const all = [RESERVATION_MS, ...limitTexts(limits), ...args];
    try {
      return await this.#calls.run(() => runScript(this.redis, script, keys, all));
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable) throw new BudgetStoreUnavailable(error.reason, { cause: error });
      throw error;
    }
  }
}

function limitTexts(limits: BudgetLimits | null): string[] {
  const texts = [limits?.dayMax ?? null, limits?.monthMax ?? null].flatMap((max) => {
    const marks = marksOf(max);
    return marks === null ? ['', '', ''] : marks.map(String);
  });
  return [...texts, `${limits?.tokensPerMinuteMax ?? ''}`];
}

const Percent = z.union(THRESHOLDS.map((percent) => z.literal(percent)));
const Period = z.enum(['day', 'month']);
const Kind = z.enum(['', 'spent', 'held', 'tokens']);
const Count = z.coerce.number().int().nonnegative();
const Reply = z.tuple([z.number(), Kind, z.string(), Count, Count, z.string(), Count], z.unknown());

function parseStanding(reply: unknown, { tokensPerMinuteMax: max }: BudgetLimits): BudgetStanding {
  const [primed, kind, period, used, retryAfterMs, minute, resetMs, ...rest] = Reply.parse(reply);
  const crossed = [];
  for (let i = 0; i + 1 < rest.length; i += 2)
    crossed.push({ period: Period.parse(rest[i]), percent: Percent.parse(rest[i + 1]) });
  const tokens = max === null ? null : { max, used: Count.parse(minute), resetMs };
  return { denial: denialOf(kind, period, { used, retryAfterMs }), crossed, isPrimed: primed === 1, tokens };
}

function denialOf(
  kind: z.infer<typeof Kind>,
  period: string,
  tokens: { readonly used: number; readonly retryAfterMs: number },
): BudgetDenial | null {
  switch (kind) {
    case '':
      return null;
    case 'spent':
    case 'held':
      return { kind, period: Period.parse(period) };
    case 'tokens':
      return { kind, ...tokens };
  }
}

function loadSteps(clock: string): ReadonlyMap<Step, Script> {
  const prelude = `${clock}\n${read('budget.lua')}`;
  return new Map(
    STEPS.map((step) => {
      const source = `${prelude}\n${read(`budget-${step}-4.lua`)}`;
      return [step, { source, sha1: createHash('sha1').update(source).digest('hex') }];
    }),
  );
}

function read(file: string): string {
  return readFileSync(new URL(`./${file}`, import.meta.url), 'utf8');
}
