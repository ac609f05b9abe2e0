// Builders for specs: usage posted to a real ledger, by the code that posts it in the product.
import { randomBytes } from 'node:crypto';
import { mintId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { postBatch } from '@trunkline/ledger/adapters/prisma';
import { usageEvent, type Meter, type UsageEvent } from '@trunkline/metering';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { parsePriceRows } from '@trunkline/rating';
import { importPrices, loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';

// Specs beside an adapter reach other libraries' adapters through here: an adapter's folder imports none of theirs.
export { bookByHand, rerate, reverseTransaction, updateCompany } from '@trunkline/ledger/adapters/prisma';
export { loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';

export const TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(1));
export const OTHER_TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(2));
export const KEY = mintId('key', 1, (n) => new Uint8Array(n).fill(1));

/** One response of `voice-model`; counts are whole tokens or seconds. */
export function usageAt(
  at: string,
  counts: Partial<Record<Meter, bigint>>,
  tenantId: TenantId = TENANT,
  keyId: ApiKeyId = KEY,
): UsageEvent {
  const meters = Object.keys(counts) as Meter[];
  return usageEvent(
    {
      kind: 'response',
      vendorObjectId: `resp_${randomBytes(8).toString('hex')}`,
      model: 'voice-model',
      status: 'completed',
      quantities: meters.map((meter) => ({ meter, quantityMicro: (counts[meter] ?? 0n) * 1_000_000n })),
      vendorUsage: { total_tokens: 1 },
      problem: null,
    },
    {
      sessionId: mintId('ses', 1, randomBytes),
      tenantId,
      keyId,
      poolId: mintId('pool', 1, randomBytes),
      replicaId: mintId('rep', 1, randomBytes),
      vendor: 'openai',
      occurredAtMs: Date.parse(at),
      evidence: 'reported',
    },
  );
}

/** Raw prices of `voice-model` from 2026 on: text in 4, audio out 64 per million, transcription 0.017 a minute. */
export const PRICES = [
  { model: 'voice-model', meter: 'input_text', unit: 'tokens', price: '4' },
  { model: 'voice-model', meter: 'input_text_cached', unit: 'tokens', price: '0.4' },
  { model: 'voice-model', meter: 'output_audio', unit: 'tokens', price: '64' },
  { model: 'voice-model', meter: 'transcription_seconds', unit: 'minutes', price: '0.017' },
].map((row) => ({ ...row, effectiveFrom: '2026-01-01', source: 'test' }));

/** Journals events as a gateway's drain would, and posts them at `prices`. */
export async function postUsage(db: Database, events: readonly UsageEvent[], prices = PRICES): Promise<void> {
  const parsed = parsePriceRows(prices);
  const versions = parsed.ok ? parsed.value : [];
  const imported = parsed.ok ? await importPrices(db, { versions, aliases: [] }) : parsed;
  if (!imported.ok) throw new Error(imported.error.join('\n'));
  await new PrismaJournalStore(db).commit({
    spoolId: randomBytes(8).toString('hex'),
    epoch: 1,
    segment: 1,
    fromSequence: 1,
    toSequence: events.length,
    records: events.map((event) => ({ kind: 'usage', event })),
  });
  // Journalled when it occurred: the day on which a test runs must not make a date one that cannot be.
  await db.$executeRaw`UPDATE usage_event SET journalled_at = occurred_at WHERE rating_state = 'pending'`;
  const { books } = await loadPriceBook(db);
  const posting = { books, storeDerived: storeDerivedPrices };
  const { rated } = await postBatch(db, posting, { batchMax: events.length });
  if (rated !== events.length) throw new Error(`${rated} of ${events.length} events were posted`);
}

/** Closes a month as period close does, at its last link. */
export async function closePeriod(
  db: Pick<Database, 'ledgerChain' | 'accountingPeriod'>,
  tenantId: TenantId,
  period: string,
): Promise<void> {
  const where = { tenantId_period: { tenantId, period } };
  const chain = await db.ledgerChain.findUniqueOrThrow({ where });
  await db.accountingPeriod.update({
    where,
    data: { status: 'soft_closed', softClosedAt: new Date(), softClosedBy: 'a' },
  });
  await db.accountingPeriod.update({
    where,
    data: {
      status: 'closed',
      closedAt: new Date(),
      closedBy: 'a',
      approvedBy: 'b',
      chainSequence: chain.sequence,
      chainHead: chain.hash,
      totals: {},
      checklist: {},
    },
  });
}

/** A tenant with a name. */
export async function nameTenant(db: Database, tenantId: TenantId, slug: string, name: string): Promise<void> {
  const data = { slug, name, status: 'active' };
  await db.tenant.upsert({ where: { id: tenantId }, create: { id: tenantId, ...data }, update: data });
}

/** The parts of one CSV line, RFC 4180. */
export function csvCells(text: string, separator = ','): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(i + 1) === '"') cell += text.charAt(++i);
      else isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === separator) {
      row.push(cell);
      cell = '';
    } else if (char === '\r' && text.charAt(i + 1) === '\n') {
      rows.push([...row, cell]);
      [row, cell] = [[], ''];
      i++;
    } else cell += char;
  }
  return rows;
}
