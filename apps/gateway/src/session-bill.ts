// What one session has used and cost so far, line by line, and the recently closed sessions' last bills. In memory, for
// the app developer who just talked and for the live board; the ledger is the truth and is never fed from here.
import { addAmounts, formatAmount, ZERO, type AmountPico, type SessionId, type TenantId } from '@trunkline/kernel';
import { formatQuantity, type Meter, type UsageEvent } from '@trunkline/metering';
import { rate, type PriceBook } from '@trunkline/rating';

/** A bill as JSON: decimals as strings, `cost: null` where no price is known. */
export interface BillView {
  readonly id: string;
  readonly object: 'trunkline.session';
  readonly status: 'open' | 'closed';
  readonly usage: readonly {
    readonly model: string;
    readonly meter: Meter;
    readonly quantity: string;
    readonly cost: string | null;
  }[];
  readonly cost: { readonly amount: string; readonly currency: 'USD'; readonly unrated_events: number };
}

interface Line {
  readonly model: string;
  readonly meter: Meter;
  quantityMicro: bigint;
  amount: AmountPico | null;
}

// A vendor that repeats a response.done does so at once; remembering the last few ids keeps a long session bounded.
const RECENT_EVENTS_MAX = 64;

/** The bill of one session. */
export class SessionBill {
  private readonly lines = new Map<string, Line>();
  private readonly recent = new Set<string>();
  private unratedEvents = 0;
  private closed = false;

  constructor(
    readonly sessionId: SessionId,
    readonly tenantId: TenantId,
  ) {}

  /** Adds a usage event at the prices in force; returns its cost, or null when it is a repeat or has no price. */
  add(event: UsageEvent, book: PriceBook): AmountPico | null {
    if (this.seenBefore(event.id)) return null;
    const rating = event.problem === null ? rate(event, book) : null;
    const rated = rating?.outcome === 'rated' ? rating : null;
    if (!rated) this.unratedEvents += 1;
    for (const { meter, quantityMicro } of event.quantities) {
      const line = this.line(event.model, meter);
      const amounts = rated?.lines.filter((each) => each.meter === meter).map((each) => each.amount);
      line.quantityMicro += quantityMicro;
      line.amount = amounts && line.amount !== null ? addAmounts(line.amount, ...amounts) : null;
    }
    return rated?.total ?? null;
  }

  close(): void {
    this.closed = true;
  }

  view(): BillView {
    const lines = [...this.lines.values()];
    const total = addAmounts(...lines.map((line) => line.amount ?? ZERO));
    return {
      id: this.sessionId,
      object: 'trunkline.session',
      status: this.closed ? 'closed' : 'open',
      usage: lines.map((line) => ({
        model: line.model,
        meter: line.meter,
        quantity: formatQuantity(line.quantityMicro),
        cost: line.amount === null ? null : formatAmount(line.amount),
      })),
      cost: { amount: formatAmount(total), currency: 'USD', unrated_events: this.unratedEvents },
    };
  }

  private line(model: string, meter: Meter): Line {
    const key = `${meter} ${model}`;
    const line = this.lines.get(key) ?? { model, meter, quantityMicro: 0n, amount: ZERO };
    this.lines.set(key, line);
    return line;
  }

  private seenBefore(id: string): boolean {
    if (this.recent.has(id)) return true;
    this.recent.add(id);
    const [oldest] = this.recent;
    if (this.recent.size > RECENT_EVENTS_MAX && oldest !== undefined) this.recent.delete(oldest);
    return false;
  }
}

// Enough for the apps that ask right after hanging up; later questions go to the ledger.
const CLOSED_BILLS_MAX = 10_000;

/** Bills of open and recently closed sessions, each visible to its own tenant only. */
export class SessionBills {
  private readonly bills = new Map<string, SessionBill>();

  open(sessionId: SessionId, tenantId: TenantId): SessionBill {
    const bill = new SessionBill(sessionId, tenantId);
    this.bills.set(sessionId, bill);
    if (this.bills.size > CLOSED_BILLS_MAX) {
      const [oldest] = this.bills.keys();
      if (oldest !== undefined) this.bills.delete(oldest);
    }
    return bill;
  }

  /** The bill of a tenant's session; null for an unknown session and for another tenant's alike. */
  find(tenantId: TenantId, sessionId: string): SessionBill | null {
    const bill = this.bills.get(sessionId);
    return bill && bill.tenantId === tenantId ? bill : null;
  }
}
