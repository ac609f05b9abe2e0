// What one session has used and cost so far, line by line, and the recently closed sessions' last bills. In memory, for
// the app developer who just talked and for the live board; the ledger is the truth and is never fed from here.
import { formatAmount, type AmountPico, type SessionId, type TenantId } from '@trunkline/kernel';
import { formatQuantity, type Meter, type UsageEvent } from '@trunkline/metering';
import { openRunningCost, type PriceBooks } from '@trunkline/rating';

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

/** The bill of one session. */
export class SessionBill {
  private readonly cost = openRunningCost();
  private closed = false;

  constructor(
    readonly sessionId: SessionId,
    readonly tenantId: TenantId,
  ) {}

  /** Adds a usage event at the prices in force; returns its cost, or null when it is a repeat or has no price. */
  add(event: UsageEvent, books: PriceBooks): AmountPico | null {
    return this.cost.add(event, books);
  }

  close(): void {
    this.closed = true;
  }

  view(): BillView {
    const { amount, lines, unratedEvents } = this.cost.soFar();
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
      cost: { amount: formatAmount(amount), currency: 'USD', unrated_events: unratedEvents },
    };
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
