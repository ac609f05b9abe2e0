// What a live session has cost so far, for budgets and the live board. In memory and approximate in one way only: usage
// without a price is counted apart, so that a total with a hole says so. The ledger is the truth; this is never posted.
import { addAmounts, ZERO, type AmountPico, type UsageEventId } from '@trunkline/kernel';
import type { Meter, UsageEvent } from '@trunkline/metering';
import type { PriceBook } from './price-book.js';
import { rate } from './rate.js';

/** A session's cost at one moment. */
export interface CostSoFar {
  /** The sum of what could be priced. */
  readonly amount: AmountPico;
  /** Events that are not in `amount`: their price is missing, or they have a problem and are parked. */
  readonly unratedEvents: number;
  readonly events: number;
  /** All quantities seen, priced or not, in millionths of the meter's unit. */
  readonly quantitiesMicro: ReadonlyMap<Meter, bigint>;
}

/** Adds up one session's usage events. */
export interface RunningCost {
  /**
   * Adds an event at the prices of the book in force. The same event again (a vendor that repeats a `response.done`)
   * changes nothing while it is among the last `RECENT_EVENTS_MAX`.
   */
  add(event: UsageEvent, book: PriceBook): void;
  soFar(): CostSoFar;
}

/** Repeats come within a turn or two; a bound keeps an hour-long session from growing. */
const RECENT_EVENTS_MAX = 64;

/** A session's running cost, at zero. */
export function openRunningCost(): RunningCost {
  const quantitiesMicro = new Map<Meter, bigint>();
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

  const add = (event: UsageEvent, book: PriceBook): void => {
    if (seenBefore(event.id)) return;
    events += 1;
    for (const { meter, quantityMicro } of event.quantities)
      quantitiesMicro.set(meter, (quantitiesMicro.get(meter) ?? 0n) + quantityMicro);
    const rating = event.problem === null ? rate(event, book) : null;
    if (rating?.outcome === 'rated') amount = addAmounts(amount, rating.total);
    else unratedEvents += 1;
  };

  return { add, soFar: () => ({ amount, unratedEvents, events, quantitiesMicro: new Map(quantitiesMicro) }) };
}
