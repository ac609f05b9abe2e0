// Builders for specs of the rollups: usage at a day, hour and minute, in the books by the code that posts it in the product.
import { randomBytes } from 'node:crypto';
import { mintId, parseAmount, ZERO, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import {
  derivedId,
  entriesOf,
  reversalOf,
  transactionFor,
  type Because,
  type Period,
  type Transaction,
} from '@trunkline/ledger';
import { holdCompany, insertTransactions } from '@trunkline/ledger/adapters/prisma';
import { usageEvent, type Evidence, type Meter, type UsageEvent } from '@trunkline/metering';
import type { Database } from '@trunkline/platform/database';
import { PURPOSES, rate } from '@trunkline/rating';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import { postUsage } from './books.js';

const filled = (byte: number) => (n: number) => new Uint8Array(n).fill(byte);

export const TENANTS: readonly [TenantId, TenantId] = [mintId('tnt', 1, filled(1)), mintId('tnt', 1, filled(2))];
export const KEYS: readonly [ApiKeyId, ApiKeyId] = [mintId('key', 1, filled(1)), mintId('key', 1, filled(2))];
export const POOL: PoolId = mintId('pool', 1, filled(1));
const FIRST_DAY_MS = Date.parse('2026-10-31');

/** What a spec may say about a response; the rest has defaults. Tenants and keys by their number. */
export interface Sample {
  readonly tenant: number;
  readonly key: number;
  /** Days after 31 October 2026. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly model: string;
  /** Of text in; a tenth as much audio comes out, or nothing of either. */
  readonly tokens: bigint;
  readonly evidence: Evidence;
}

/** One response. */
export function sample(over: Partial<Sample> = {}): Sample {
  const when = { day: 0, hour: 0, minute: 0 };
  return { tenant: 0, key: 0, ...when, model: 'voice-model', tokens: 1_000n, evidence: 'reported', ...over };
}

/** Text in 4, audio out 64 per million, for two models. */
const PRICES = ['voice-model', 'other-model'].flatMap((model) =>
  [
    { model, meter: 'input_text', unit: 'tokens', price: '4' },
    { model, meter: 'output_audio', unit: 'tokens', price: '64' },
  ].map((row) => ({ ...row, effectiveFrom: '2026-01-01', source: 'test' })),
);

/** Journals the responses as a gateway's drain would, and posts them. @returns the events, for `takeBack`. */
export async function bookSamples(db: Database, samples: readonly Sample[]): Promise<readonly UsageEvent[]> {
  const events = samples.map((each) => eventOf(each));
  await postUsage(db, events, PRICES);
  return events;
}

const BECAUSE: Because = { actor: 'spec', reason: 'to see it in the sums' };

/** Reverses both bookings of an event. */
export async function takeBack(db: Database, event: UsageEvent): Promise<void> {
  const books = (await loadPriceBook(db)).books.booksFor(event);
  const booked = PURPOSES.map((purpose) => {
    const rated = rate(event, books[purpose]);
    if (rated.outcome === 'unrated') throw new Error('an event without a price is not booked');
    return transactionFor(event, rated, { purpose, usagePeriod: '2026-10' });
  });
  await bookThese(
    db,
    booked.map((each) => reversalOf(each, BECAUSE, event.occurredAtMs)),
  );
}

/** Lets the first tenant off ten cents at noon of the first day, for some month, and books a dollar that it paid before. */
export async function bookByHand(db: Database, usagePeriod: Period = '2026-10'): Promise<readonly Transaction[]> {
  const [tenantId] = TENANTS;
  const byHand = { revision: 0, tenantId, usage: null, occurredAtMs: FIRST_DAY_MS + 12 * 3_600_000 };
  const reference = randomBytes(8).toString('hex');
  const rest = { usagePeriod, currency: 'USD', lines: [], corrects: null, because: BECAUSE } as const;
  const amount = (text: string) => parseAmount(text) ?? ZERO;
  const credit = {
    id: derivedId(`credit ${reference}`),
    kind: 'credit',
    purpose: 'tenant_charge',
    total: amount('-0.1'),
  } as const;
  const paid = {
    id: derivedId(`prepayment ${reference}`),
    kind: 'prepayment',
    purpose: 'prepayment',
    total: amount('1'),
  } as const;
  const lessens = { debit: 'credit_expense', credit: 'receivable' } as const;
  const transactions: Transaction[] = [
    { ...byHand, ...rest, ...credit, entries: entriesOf(tenantId, lessens, amount('0.1')) },
    { ...byHand, ...rest, ...paid, entries: entriesOf(tenantId, { debit: 'cash', credit: 'prepaid' }, amount('1')) },
  ];
  await bookThese(db, transactions);
  return transactions;
}

async function bookThese(db: Database, transactions: readonly Transaction[]): Promise<void> {
  await db.$transaction(async (tx) => insertTransactions(tx, await holdCompany(tx), transactions));
}

function eventOf({ tenant, key, day, hour, minute, model, tokens, evidence }: Sample): UsageEvent {
  const counts: [Meter, bigint][] = [
    ['input_text', tokens],
    ['output_audio', tokens / 10n],
  ];
  return usageEvent(
    {
      kind: 'response',
      vendorObjectId: `resp_${randomBytes(8).toString('hex')}`,
      model,
      status: 'completed',
      quantities: counts.map(([meter, count]) => ({ meter, quantityMicro: count * 1_000_000n })),
      vendorUsage: { total_tokens: 1 },
      problem: null,
    },
    {
      sessionId: mintId('ses', 1, randomBytes),
      tenantId: TENANTS[tenant] ?? TENANTS[0],
      keyId: KEYS[key] ?? KEYS[0],
      poolId: POOL,
      replicaId: mintId('rep', 1, randomBytes),
      vendor: 'openai',
      occurredAtMs: FIRST_DAY_MS + (day * 24 + hour) * 3_600_000 + minute * 60_000,
      evidence,
    },
  );
}
