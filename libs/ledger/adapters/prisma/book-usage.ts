// What a usage event becomes in the books: a transaction for each purpose, or why not.
import { LedgerDefect, transactionFor, type Calendar, type ChargePurpose, type Transaction } from '@trunkline/ledger';
import { PURPOSES, rate, type PriceBooks, type PriceVersion, type Rated } from '@trunkline/rating';
import type { ClaimedEvent, PendingUsage, SetAside } from './pending-usage.js';

/** Booked for every purpose; without a price for one of them; or in no shape to be booked. */
export type UsageOutcome =
  | {
      readonly kind: 'booked';
      readonly transactions: readonly Transaction[];
      /** Prices of its lines that are to be stored before them. */
      readonly derived: readonly PriceVersion[];
    }
  | { readonly kind: 'unrated' }
  | { readonly kind: 'defect'; readonly setAside: SetAside };

/**
 * All purposes or none: an event is never charged to a tenant without its cost, nor the other way round. But an estimate that
 * its tenant does not pay for is booked as a cost alone.
 */
export function bookUsage(event: ClaimedEvent, books: PriceBooks, calendar: Calendar): UsageOutcome {
  const charges = chargesOf(event, books);
  if (charges === null) return { kind: 'unrated' };
  const usagePeriod = calendar.periodOf(event.occurredAtMs);
  try {
    const billed = charges.filter(({ purpose }) => purpose === 'provider_cost' || event.billing === 'bill');
    const transactions = billed.map(({ purpose, rated }) => transactionFor(event, rated, { purpose, usagePeriod }));
    return { kind: 'booked', transactions, derived: billed.flatMap(({ rated }) => rated.derived) };
  } catch (error) {
    // A bug about one event must not stop the books of all others.
    if (!(error instanceof LedgerDefect)) throw error;
    return { kind: 'defect', setAside: { id: event.id, why: error.message } };
  }
}

/** What it costs for each purpose, at the prices of its instant; null when one of them is missing. */
export function chargesOf(
  event: PendingUsage,
  books: PriceBooks,
): readonly { readonly purpose: ChargePurpose; readonly rated: Rated }[] | null {
  const charges: { readonly purpose: ChargePurpose; readonly rated: Rated }[] = [];
  const forUsage = books.booksFor(event);
  for (const purpose of PURPOSES) {
    const rated = rate(event, forUsage[purpose]);
    if (rated.outcome === 'unrated') return null;
    charges.push({ purpose, rated });
  }
  return charges;
}
