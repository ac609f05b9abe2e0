// What a live session has cost so far, for budgets and the live board. In memory and approximate in one way only: usage
// without a price is counted apart, so that a total with a hole says so. The ledger is the truth; this is never posted.
import { addAmounts, ZERO, type AmountPico, type UsageEventId } from '@trunkline/kernel';
import type { Meter, Quantity, UsageEvent } from '@trunkline/metering';
import type { PriceBooks } from './price-books.js';
import { rate, type Rated } from './rate.js';

/** What one meter of one model has cost. */
export interface CostLine {
  readonly model: string;
  readonly meter: Meter;
  /** Millionths of the meter's unit, priced or not. */
  readonly quantityMicro: bigint;
  /** Null when any of it could not be priced: then a number would be too low. */
  readonly amount: AmountPico | null;
}

/** A session's cost at one moment. */
export interface CostSoFar {
  /** The sum of what could be priced. */
  readonly amount: AmountPico;
  /** Events that are not in `amount`: their price is missing, or they have a problem and are parked. */
  readonly unratedEvents: number;
  readonly events: number;
  /** By model and meter, in the order in which they were first used. */
  readonly lines: readonly CostLine[];
}

/** Adds up one session's usage events. */
export interface RunningCost {
  /**
   * Adds an event at the prices that its tenant pays. The same event again (a vendor that repeats a `response.done`)
   * changes nothing while it is among the last `RECENT_EVENTS_MAX`.
   * @returns what it cost; null when it is a repeat or could not be priced.
   */
  add(event: UsageEvent, books: PriceBooks): AmountPico | null;
  soFar(): CostSoFar;
}

/** Repeats come within a turn or two; a bound keeps an hour-long session from growing. */
const RECENT_EVENTS_MAX = 64;

/** A session's running cost, at zero. */
export function openRunningCost(): RunningCost {
  const lines = new Map<string, CostLine>();
  const recent = new Set<UsageEventId>();
  let amount: AmountPico = ZERO;
  let events = 0;
  let unratedEvents = 0;

  const seenBefore = (id: UsageEventId): boolean => {
    if (recent.has(id)) return true;
    recent.add(id);
    const [oldest] = recent;
    if (recent.size > RECENT_EVENTS_MAX && oldest !== undefined) recent.delete(oldest);
    return false;
  };

  const addToLine = (model: string, { meter, quantityMicro }: Quantity, rated: Rated | null): void => {
    // The meter comes from a closed list without spaces, so the joined text names one line.
    const key = `${meter} ${model}`;
    const line = lines.get(key) ?? { model, meter, quantityMicro: 0n, amount: ZERO };
    const costs = rated?.lines.filter((each) => each.meter === meter).map((each) => each.amount);
    lines.set(key, {
      ...line,
      quantityMicro: line.quantityMicro + quantityMicro,
      amount: costs === undefined || line.amount === null ? null : addAmounts(line.amount, ...costs),
    });
  };

  const add = (event: UsageEvent, books: PriceBooks): AmountPico | null => {
    if (seenBefore(event.id)) return null;
    const rating = event.problem === null ? rate(event, books.booksFor(event).tenant_charge) : null;
    const rated = rating?.outcome === 'rated' ? rating : null;
    for (const quantity of event.quantities) addToLine(event.model, quantity, rated);
    events += 1;
    if (rated === null) unratedEvents += 1;
    else amount = addAmounts(amount, rated.total);
    return rated?.total ?? null;
  };

  return { add, soFar: () => ({ amount, unratedEvents, events, lines: [...lines.values()] }) };
}
