// The books of the quarter as somebody would keep them on paper beside the product: plain lists and whole numbers, no code
// of ours. They know what was known when: prices, closed months, estimates, bookings by hand, prepaid money.
import { customerPrice, listPrice, monthOf, sumOf } from './oracle.js';
import type { ByHand } from './by-hand.js';
import type { Counts, Customer, Report } from './traffic.js';

/** One movement, in 10^-12 US dollars. */
export interface Movement {
  readonly tenantId: string;
  /** The month that it is about, and the one in which it stands. */
  readonly about: string;
  readonly month: string;
  readonly isMetered: boolean;
  /** By how much the customer is charged more, and the vendor charges us more. */
  readonly charge: bigint;
  readonly cost: bigint;
  /** Paid before it is owed, and used of that for what is owed. */
  readonly received: bigint;
  readonly used: bigint;
}

/** What counts for a use now. */
export interface Standing {
  readonly report: Report;
  readonly counts: Counts;
  readonly isBilled: boolean;
  readonly charge: bigint;
  readonly cost: bigint;
}

/** A sum of movements. */
export type Moved = Pick<Movement, 'charge' | 'cost' | 'received' | 'used'>;

const NOTHING: Moved = { charge: 0n, cost: 0n, received: 0n, used: 0n };

/** The books. */
export class OwnBooks {
  readonly movements: Movement[] = [];
  readonly standing = new Map<string, Standing>();
  readonly #customers = new Map<string, Customer>();
  readonly #closed = new Set<string>();
  readonly #byHand = new Map<string, Movement>();
  #corrected = false;

  /** @param months all that there are, in order. */
  constructor(private readonly months: readonly string[]) {}

  /** A customer is there from now on. */
  found(customer: Customer): void {
    this.#customers.set(customer.tenantId, customer);
  }

  /** Takes what comes in a span of time; all of it is there before any of it is booked. */
  arrive(reports: readonly Report[], fromMs: number, toMs: number): void {
    const comes = (atMs: number | undefined): boolean => atMs !== undefined && atMs >= fromMs && atMs < toMs;
    for (const report of reports) {
      if (comes(report.arrivesAtMs)) {
        this.#takeBack(report);
        this.#book(report, report.counts, true);
      } else if (report.estimate !== null && comes(report.estimate.arrivesAtMs)) {
        this.#book(report, report.estimate.counts, report.paysEstimates);
      }
    }
  }

  /** Somebody books something, or takes it back. */
  book(booking: ByHand): void {
    const nameOf = (reference: string): string => `${booking.tenantId} ${reference}`;
    const former = booking.takesBack === null ? null : this.#byHand.get(nameOf(booking.takesBack));
    if (former === undefined) throw new Error(`nothing was booked as ${booking.takesBack ?? ''}`);
    const moved = former === null ? movedBy(booking) : opposite(former);
    const about = former?.about ?? booking.about;
    const movement = this.#move({ ...moved, tenantId: booking.tenantId, about, isMetered: false });
    this.#byHand.set(nameOf(booking.reference), movement);
  }

  /** What of its prepaid money a customer could use now for what it owes, by the end of a month and by now. */
  drawable(tenantId: string, month: string): bigint {
    const own = this.movements.filter((each) => each.tenantId === tenantId);
    const most = [own.filter((each) => each.month <= month), own].map((some) => {
      const { charge, received, used } = totalOf(some);
      const [owed, prepaid] = [charge - used, received - used];
      const smaller = owed < prepaid ? owed : prepaid;
      return smaller < 0n ? 0n : smaller;
    });
    return most.reduce((least, each) => (each < least ? each : least));
  }

  /** Closes a month for everybody: prepaid money is used first. */
  close(month: string): void {
    for (const tenantId of this.#customers.keys()) {
      const used = this.drawable(tenantId, month);
      if (used > 0n) this.#move({ ...NOTHING, used, tenantId, about: month, isMetered: false });
    }
    this.#closed.add(month);
  }

  /** The vendor tells us the right price: from now on it is known. */
  learn(): void {
    this.#corrected = true;
  }

  /** What was charged at the wrong price is put right. */
  putRight(): void {
    for (const [id, { report, counts, isBilled, charge, cost }] of this.standing) {
      const right = this.#priced(report, counts, isBilled);
      this.standing.set(id, { report, counts, isBilled, ...right });
      const [more, dearer] = [right.charge - charge, right.cost - cost];
      if (more !== 0n || dearer !== 0n) this.#meter(report, { charge: more, cost: dearer });
    }
  }

  #book(report: Report, counts: Counts, isBilled: boolean): void {
    const priced = this.#priced(report, counts, isBilled);
    this.standing.set(report.vendorObjectId, { report, counts, isBilled, ...priced });
    this.#meter(report, priced);
  }

  #takeBack(report: Report): void {
    const former = this.standing.get(report.vendorObjectId);
    if (former !== undefined) this.#meter(report, { charge: -former.charge, cost: -former.cost });
  }

  #meter(report: Report, priced: Pick<Moved, 'charge' | 'cost'>): void {
    this.#move({ ...NOTHING, ...priced, tenantId: report.tenantId, about: monthOf(report), isMetered: true });
  }

  #priced({ model, occurredAtMs, tenantId }: Report, counts: Counts, isBilled: boolean) {
    const terms = this.#termsOf({ tenantId });
    const uses = Object.entries(counts).map(([meter, count]) => ({
      count: BigInt(count),
      use: { model, meter, atMs: occurredAtMs, corrected: this.#corrected },
    }));
    const charge = sumOf(...uses.map(({ count, use }) => count * customerPrice(use, terms)));
    return { charge: isBilled ? charge : 0n, cost: sumOf(...uses.map(({ count, use }) => count * listPrice(use))) };
  }

  #termsOf({ tenantId }: { readonly tenantId: string }) {
    const customer = this.#customers.get(tenantId);
    if (customer === undefined) throw new Error(`${tenantId} is no customer`);
    return customer.terms;
  }

  // A month that is closed takes nothing more: it stands in the next that is open.
  #move(movement: Omit<Movement, 'month'>): Movement {
    const month = this.months.find((each) => each >= movement.about && !this.#closed.has(each));
    if (month === undefined) throw new Error(`no month is open for ${movement.about}`);
    const moved = { ...movement, month };
    this.movements.push(moved);
    return moved;
  }
}

/** The sum of movements. */
export function totalOf(movements: readonly Moved[]): Moved {
  const of = (what: keyof Moved): bigint => sumOf(...movements.map((each) => each[what]));
  return { charge: of('charge'), cost: of('cost'), received: of('received'), used: of('used') };
}

function movedBy({ kind, pico }: ByHand): Moved {
  switch (kind) {
    case 'credit':
      return { ...NOTHING, charge: -pico };
    case 'charge':
      return { ...NOTHING, charge: pico };
    case 'cost':
      return { ...NOTHING, cost: pico };
    case 'prepayment':
      return { ...NOTHING, received: pico };
    case 'drawdown':
      return { ...NOTHING, used: pico };
  }
}

function opposite({ charge, cost, received, used }: Moved): Moved {
  return { charge: -charge, cost: -cost, received: -received, used: -used };
}
