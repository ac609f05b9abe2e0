// Builders for specs: usage events with defaults, put straight into the journal table, and a small price list.
import { randomBytes } from 'node:crypto';
import { mintId, type ApiKeyId, type SessionId, type TenantId, type Vendor } from '@trunkline/kernel';
import {
  isMeter,
  METERS,
  usageEvent,
  type Evidence,
  type Meter,
  type UsageEvent,
  type UsageProblem,
} from '@trunkline/metering';
import type { Database } from '@trunkline/platform/database';
import type { PostingPrices } from '@trunkline/ledger/adapters/prisma';
import { parsePriceRows, type PriceVersion } from '@trunkline/rating';
import { importPrices, loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';

/** What a spec may say about an event; the rest has defaults. */
export interface UsageOver {
  readonly tenantId?: TenantId;
  readonly sessionId?: SessionId;
  readonly keyId?: ApiKeyId;
  readonly vendor?: Vendor;
  readonly model?: string;
  /** Whole tokens or seconds by meter; 1,000 text in and 100 audio out unless told. */
  readonly counts?: Partial<Record<Meter, bigint>>;
  readonly at?: string;
  readonly evidence?: Evidence;
  readonly problem?: UsageProblem;
}

export const TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(1));
export const OTHER_TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(2));
export const KEY = mintId('key', 1, (n) => new Uint8Array(n).fill(1));
export const newSessionId = (): SessionId => mintId('ses', 1, randomBytes);

/** One response of `voice-model`, completed at noon of 21 November 2026 by tenant TENANT. */
export function usage(over: UsageOver = {}): UsageEvent {
  const counts: Partial<Record<Meter, bigint>> = over.counts ?? { input_text: 1_000n, output_audio: 100n };
  return usageEvent(
    {
      kind: 'response',
      vendorObjectId: `resp_${randomBytes(8).toString('hex')}`,
      model: over.model ?? 'voice-model',
      status: 'completed',
      quantities: Object.keys(METERS)
        .filter(isMeter)
        .flatMap((meter) => {
          const count = counts[meter];
          return count === undefined ? [] : [{ meter, quantityMicro: count * 1_000_000n }];
        }),
      vendorUsage: { total_tokens: 1 },
      problem: over.problem ?? null,
    },
    {
      sessionId: over.sessionId ?? newSessionId(),
      tenantId: over.tenantId ?? TENANT,
      keyId: over.keyId ?? KEY,
      poolId: mintId('pool', 1, randomBytes),
      replicaId: mintId('rep', 1, randomBytes),
      vendor: over.vendor ?? 'openai',
      occurredAtMs: Date.parse(over.at ?? '2026-11-21T12:00:00Z'),
      evidence: over.evidence ?? 'reported',
    },
  );
}

/** Journals events as a gateway's drain would, when they occurred: pending, or parked when they have a problem. */
export async function journal(db: Database, ...events: readonly UsageEvent[]): Promise<void> {
  return journalAt(db, null, ...events);
}

/** Journals events at an instant of their own. */
export async function journalAt(db: Database, at: string | null, ...events: readonly UsageEvent[]): Promise<void> {
  const rows = events.map((event) => ({
    ...event,
    quantities: event.quantities.map((each) => ({ ...each, quantityMicro: each.quantityMicro.toString() })),
    occurredAt: new Date(event.occurredAtMs).toISOString(),
    ratingState: event.problem === null ? 'pending' : 'parked',
    journalledAt: at,
  }));
  await db.$executeRaw`
    INSERT INTO usage_event (id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor,
                             vendor_object_id, model, status, occurred_at, quantities, evidence, vendor_usage, problem,
                             rating_state, journalled_at, fact_id, estimate)
    SELECT r->>'id', (r->>'version')::int, r->>'kind', r->>'sessionId', r->>'tenantId', r->>'keyId', r->>'poolId',
           r->>'replicaId', r->>'vendor', r->>'vendorObjectId', r->>'model', r->>'status',
           (r->>'occurredAt')::timestamptz, r->'quantities', r->>'evidence', (r->'vendorUsage')::json, r->>'problem',
           r->>'ratingState', coalesce((r->>'journalledAt')::timestamptz, (r->>'occurredAt')::timestamptz), r->>'factId',
           nullif(r->'estimate', 'null')
      FROM jsonb_array_elements(${JSON.stringify(rows)}::jsonb) AS r`;
}

/** Raw prices of `voice-model`: text in 4, audio out 64 per million, from 2026 on. */
export const VOICE_PRICES = [
  { model: 'voice-model', meter: 'input_text', unit: 'tokens', price: '4' },
  { model: 'voice-model', meter: 'output_audio', unit: 'tokens', price: '64' },
].map((row) => ({ ...row, effectiveFrom: '2026-01-01', source: 'test' }));

/** Imports raw price rows and loads what to post by. */
export async function importRows(db: Database, rows: readonly Record<string, unknown>[]): Promise<PostingPrices> {
  const parsed = parsePriceRows(rows);
  const versions: readonly PriceVersion[] = parsed.ok ? parsed.value : [];
  const imported = parsed.ok ? await importPrices(db, { versions, aliases: [] }) : parsed;
  if (!imported.ok) throw new Error(imported.error.join('\n'));
  return storedPrices(db);
}

/** What is stored now, to post by. */
export async function storedPrices(db: Database): Promise<PostingPrices> {
  return { books: (await loadPriceBook(db)).books, storeDerived: storeDerivedPrices };
}

/** How many events are in each rating state. */
export async function ratingStates(db: Database): Promise<Record<string, number>> {
  const rows = await db.usageEvent.groupBy({ by: ['ratingState'], _count: true });
  return Object.fromEntries(rows.map((row) => [row.ratingState, row._count]));
}
