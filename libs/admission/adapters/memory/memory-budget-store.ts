// Budgets inside one process: a book for each tenant, and a clock. What the standalone runs on. It forgets with its
// process, and is raised from the ledger like any other store; it is never away.
import { billionthsUp, type Clock, type TenantId } from '@trunkline/kernel';
import {
  BudgetBook,
  type BudgetLimits,
  type BudgetStanding,
  type BudgetStore,
  type RecordedSpend,
  type TurnEnd,
  type TurnStart,
} from '../../index.js';

/** The in-process store. */
export class MemoryBudgetStore implements BudgetStore {
  /** In the order of their first use. */
  readonly #books = new Map<TenantId, BudgetBook>();

  constructor(
    private readonly clock: Pick<Clock, 'nowMs'>,
    /** Bound on tenants; the one known longest is forgotten, and raised from the ledger when it comes again. */
    private readonly tenantsMax = 20_000,
  ) {}

  async reserve({ tenantId, turnId, limits, estimate }: TurnStart): Promise<BudgetStanding> {
    const billionths = estimate === null ? null : billionthsUp(estimate);
    return this.#book(tenantId).reserve(turnId, billionths, limits, this.clock.nowMs());
  }

  async settle({ tenantId, turnId, limits, amount, tokens }: TurnEnd): Promise<BudgetStanding> {
    const used = { billionths: billionthsUp(amount), tokens };
    return this.#book(tenantId).settle(turnId, used, limits, this.clock.nowMs());
  }

  async release(tenantId: TenantId, turnId: string): Promise<void> {
    this.#book(tenantId).release(turnId, this.clock.nowMs());
  }

  async look(tenantId: TenantId, limits: BudgetLimits, recorded: RecordedSpend | null): Promise<BudgetStanding> {
    const asCounted = recorded && {
      day: { period: recorded.day, billionths: billionthsUp(recorded.dayAmount) },
      month: { period: recorded.month, billionths: billionthsUp(recorded.monthAmount) },
    };
    return this.#book(tenantId).look(asCounted, limits, this.clock.nowMs());
  }

  #book(tenantId: TenantId): BudgetBook {
    const known = this.#books.get(tenantId);
    if (known) return known;
    const [oldest] = this.#books.keys();
    if (this.#books.size >= this.tenantsMax && oldest !== undefined) this.#books.delete(oldest);
    const book = new BudgetBook();
    this.#books.set(tenantId, book);
    return book;
  }
}
