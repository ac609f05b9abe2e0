// Posts usage: claim, rate, write, mark, in one database transaction. Killed anywhere in between, nothing of it happened
// and the events are pending again. Any number of workers may run it at once.
import { againWhenLost, type Database, type Queryable } from '@trunkline/platform/database';
import type { PriceBooks, PriceVersion } from '@trunkline/rating';
import { bookUsage } from './book-usage.js';
import { holdCompany } from './company.js';
import { insertTransactions } from './insert-transactions.js';
import { claimPending, markUsage, parkUsage, type SetAside } from './pending-usage.js';
import { reversalsOf } from './reverse.js';
import { markSuperseded, REPORT_CAME, settleEstimates } from './settle-estimates.js';

/** What one batch did. */
export interface PostedBatch {
  /** Events taken from the queue. */
  readonly claimed: number;
  /** The batch was full, so there may be more; false means that nothing else was free. */
  readonly more: boolean;
  /** Events now in the ledger, for every purpose. */
  readonly rated: number;
  /** Events that wait because a price is missing. */
  readonly unrated: number;
  /** Events that cannot be posted as they are; they wait as unrated or parked, and somebody should look. */
  readonly setAside: readonly SetAside[];
}

/** What to post by. */
export interface PostingPrices {
  readonly books: PriceBooks;
  /** Stores prices that a markup or an uplift made and that are not there yet, within the posting's transaction. */
  readonly storeDerived: (tx: Queryable, versions: readonly PriceVersion[]) => Promise<void>;
}

/** How much to take at once. */
export interface PostOptions {
  /** Events per transaction. Default 100. */
  readonly batchMax?: number;
}

// Larger batches cost less per event, but where the worker shares its process with live calls (standalone) each batch keeps
// them waiting for the milliseconds that it computes.
const BATCH_MAX = 100;
// A batch takes tens of milliseconds; a database that needs longer than this is in trouble and the events can wait.
const TRANSACTION_TIMEOUT_MS = 30_000;
const CONNECTION_WAIT_MS = 5_000;

/** Rates and posts one batch of pending events. Rejects when the database fails; then nothing changed. */
export async function postBatch(db: Database, prices: PostingPrices, options: PostOptions = {}): Promise<PostedBatch> {
  const limits = { timeout: TRANSACTION_TIMEOUT_MS, maxWait: CONNECTION_WAIT_MS };
  const batchMax = options.batchMax ?? BATCH_MAX;
  return againWhenLost(() => db.$transaction((tx) => postIn(tx, prices, batchMax), limits));
}

async function postIn(tx: Queryable, { books, storeDerived }: PostingPrices, batchMax: number): Promise<PostedBatch> {
  const { events, unreadable, alreadyPosted, misdated, absurd } = await claimPending(tx, batchMax);
  const { postable, superseded, toReverse } = await settleEstimates(tx, events);
  const parked = [...misdated, ...absurd];
  const claimed = postable.length + superseded.length + unreadable.length + alreadyPosted.length + parked.length;
  const context = await holdCompany(tx);
  const reversals = await reversalsOf(tx, toReverse, REPORT_CAME, context);
  const outcomes = postable.map((event) => ({ event, outcome: bookUsage(event, books, context.calendar) }));
  const transactions = outcomes.flatMap(({ outcome }) => (outcome.kind === 'booked' ? outcome.transactions : []));
  const defects = outcomes.flatMap(({ outcome }) => (outcome.kind === 'defect' ? [outcome.setAside] : []));
  const booked = outcomes.flatMap(({ event, outcome }) => (outcome.kind === 'booked' ? [event] : []));
  const waiting = outcomes.flatMap(({ event, outcome }) => (outcome.kind === 'booked' ? [] : [event.id]));
  const derived = outcomes.flatMap(({ outcome }) => (outcome.kind === 'booked' ? outcome.derived : []));
  await storeDerived(tx, derived);
  await insertTransactions(tx, context, [...transactions, ...reversals]);
  await markSuperseded(tx, superseded);
  await markUsage(tx, [...booked.map(({ id }) => id), ...alreadyPosted], 'rated');
  await markUsage(tx, [...waiting, ...unreadable.map(({ id }) => id)], 'unrated');
  await parkUsage(tx, misdated, 'implausible_time');
  await parkUsage(tx, absurd, 'out_of_range');
  return {
    claimed,
    more: claimed >= batchMax,
    rated: booked.length + alreadyPosted.length,
    unrated: waiting.length - defects.length,
    setAside: [...unreadable, ...defects, ...parked],
  };
}
