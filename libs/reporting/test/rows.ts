// Builders for specs of formats and statements: rows and a directory with defaults, so that what a test sets is what matters.
import { mintId, parseAmount, priceOf, trustedId, ZERO, type AmountPico } from '@trunkline/kernel';
import {
  ExportOptions,
  type AppliedPrice,
  type ChargeRow,
  type CostCentre,
  type Directory,
  type ExportContext,
  type ExportFormat,
  type ExportSources,
  type ManualRow,
  type MeteredRow,
  type UsageRow,
} from '../index.js';

const filled = (n: number) => (size: number) => new Uint8Array(size).fill(n);
export const ACME = mintId('tnt', 1, filled(1));
export const BETA = mintId('tnt', 1, filled(2));
export const PROD = mintId('key', 1, filled(1));

export const amount = (text: string): AmountPico => parseAmount(text) ?? ZERO;

export const price = (over: Partial<AppliedPrice> = {}): AppliedPrice => ({
  id: trustedId('pv', 'pv_64'),
  provider: 'openai',
  model: 'gpt-realtime',
  serviceTier: 'default',
  unit: 'tokens',
  price: amount('64'),
  per: 1_000_000n,
  ...over,
});

const DAY = { period: '2026-11', usagePeriod: '2026-11', day: '2026-11-21' } as const;
const FROM_MS = Date.parse('2026-11-21T00:00:00Z');
const DAY_MS = 86_400_000;

/** 1,234,567 audio output tokens at 64 per million; amounts follow from quantity and prices. */
export function metered(over: Partial<MeteredRow> = {}): MeteredRow {
  const row = {
    ...DAY,
    kind: 'usage' as const,
    fromMs: FROM_MS,
    toMs: FROM_MS + DAY_MS,
    tenantId: ACME,
    keyId: PROD,
    model: 'gpt-realtime',
    meter: 'output_audio',
    evidence: 'reported' as const,
    billing: over.chargePrice === null ? ('not_billed' as const) : ('charged' as const),
    chargePrice: price(),
    listPrice: price(),
    quantityMicro: 1_234_567_000_000n,
    events: 3,
    booking: null,
    ...over,
  };
  const at = (applied: AppliedPrice | null): AmountPico =>
    applied === null ? ZERO : priceOf(row.quantityMicro, applied.price, applied.per);
  return { charge: at(row.chargePrice), cost: at(row.listPrice), ...row };
}

/** A booking by hand. */
export function manual(over: Partial<ManualRow> = {}): ManualRow {
  const charge = over.charge ?? amount('-5');
  return {
    ...DAY,
    kind: 'credit',
    fromMs: FROM_MS,
    toMs: FROM_MS,
    tenantId: ACME,
    total: charge,
    charge,
    cost: ZERO,
    booking: { id: 'txn_1', correctsId: null, reason: 'goodwill', actor: 'ada' },
    ...over,
  };
}

/** What the vendor charges us more, or with a minus less, booked by hand. */
export function vendorMemo(text: string): ManualRow {
  const booking = { id: 'txn_3', correctsId: null, reason: 'OpenAI credit memo', actor: 'ada' };
  return manual({ kind: 'adjustment', charge: ZERO, total: amount(text), cost: amount(text), booking });
}

/** What is taken back of a closed October, and what is right. */
export function correction(quantityMicro: bigint): MeteredRow {
  const day = { period: '2026-11', usagePeriod: '2026-10', day: '2026-10-30' } as const;
  const booking = { id: `txn_${quantityMicro}`, correctsId: 'txn_0', reason: 'counted twice', actor: 'ada' };
  const fromMs = Date.parse('2026-10-30T00:00:00Z');
  return metered({ ...day, fromMs, toMs: fromMs + DAY_MS, kind: 'correction', quantityMicro, booking });
}

/** One row of every kind that there is. */
export const EVERY_KIND: readonly ChargeRow[] = [
  metered(),
  metered({
    meter: 'input_audio_cached',
    chargePrice: price({ price: amount('0.46'), id: trustedId('pv', 'pv_markup') }),
  }),
  metered({ evidence: 'estimated', quantityMicro: 1_000_000n }),
  metered({ evidence: 'estimated', chargePrice: null, quantityMicro: 2_000_000n }),
  metered({
    meter: 'transcription_seconds',
    quantityMicro: 7_000_000n,
    chargePrice: price({ unit: 'minutes', per: 60n, price: amount('0.017') }),
    listPrice: price({ unit: 'minutes', per: 60n, price: amount('0.017') }),
  }),
  metered({ meter: 'meter_of_tomorrow', keyId: null, tenantId: BETA }),
  correction(-5_000_000n),
  correction(3_000_000n),
  manual(),
  manual({
    kind: 'adjustment',
    charge: amount('1.005'),
    booking: { id: 'txn_2', correctsId: null, reason: '=1+1', actor: 'bob' },
  }),
  manual({ kind: 'prepayment', charge: ZERO, total: amount('100') }),
  vendorMemo('-300'),
];

/** November of two tenants, Acme's in a cost centre, closed unless told. */
export function directory(over: Partial<Directory> = {}): Directory {
  const closed = { status: 'closed', closeId: 'c0ffee', changedAtMs: Date.parse('2026-12-06T10:00:00Z') } as const;
  const centre = { code: 'CC-4711', name: 'Voice bots', owner: 'Ada', glAccount: '6400' };
  const assignment = { tenantId: ACME, keyId: null, code: 'CC-4711', effectiveFrom: '2026-01-01' };
  return {
    company: { name: 'Acme Platform', billingAccountId: 'org-Acme123', timeZone: 'UTC' },
    period: '2026-11',
    fromMs: Date.parse('2026-11-01T00:00:00Z'),
    toMs: Date.parse('2026-12-01T00:00:00Z'),
    tenants: new Map([
      [
        ACME,
        {
          slug: 'acme',
          name: 'Acme GmbH',
          standing: closed,
          keys: new Map([[PROD, 'voicebot-prod']]),
          costCentres: new Map([[centre.code, centre]]),
          assignments: [assignment],
        },
      ],
      [
        BETA,
        { slug: 'beta', name: 'Beta', standing: closed, keys: new Map(), costCentres: new Map(), assignments: [] },
      ],
    ]),
    ...over,
  };
}

/** A month in which each of three cost centres owes 0.335, to which a rounded sum does not add up; `first` renames the first. */
export function centresOfThirdCents(
  first: Partial<Pick<CostCentre, 'code' | 'glAccount'>> = {},
): readonly [ExportContext, ExportSources] {
  const codes = [first.code ?? 'CC-1', 'CC-2', 'CC-3'];
  const tenants = codes.map((code, i) => {
    const tenantId = mintId('tnt', 1, filled(10 + i));
    const costCentres = new Map([
      [code, { code, name: code, owner: 'Ada', glAccount: i === 0 ? (first.glAccount ?? '6400') : '6400' }],
    ]);
    const assignments = [{ tenantId, keyId: null, code, effectiveFrom: '2026-01-01' }];
    const standing = { status: 'closed', closeId: 'c0ffee', changedAtMs: 1 } as const;
    return [tenantId, { slug: `t${i}`, name: code, standing, keys: new Map(), costCentres, assignments }] as const;
  });
  const charges = tenants.map(([tenantId]) =>
    manual({ kind: 'adjustment', tenantId, charge: amount('0.335'), total: amount('0.335') }),
  );
  return [context({}, { tenants: new Map(tenants) }), sources(charges)];
}

export const context = (options: object = {}, over: Partial<Directory> = {}): ExportContext => ({
  directory: directory(over),
  options: ExportOptions.parse(options),
  vendorOf: () => ({ name: 'OpenAI', service: 'OpenAI Realtime API' }),
});

const USAGE: UsageRow = {
  tenantId: ACME,
  chainSequence: '1',
  ledgerId: 'txn_1',
  usageEventId: 'use_1',
  kind: 'usage',
  revision: '0',
  period: '2026-11',
  usagePeriod: '2026-11',
  occurredAt: '2026-11-21T12:00:00.000Z',
  keyId: PROD,
  sessionId: 'ses_1',
  poolId: 'pool_1',
  model: 'gpt-realtime',
  evidence: 'reported',
  causedBy: 'policy',
  quantities: new Map([
    ['output_audio', '100'],
    ['meter_of_tomorrow', '2'],
  ]),
  charge: amount('0.0064'),
  cost: amount('0.0064'),
  correctsId: null,
};

/** Rows in two batches, so that nothing depends on where a batch ends. */
export function sources(rows: readonly ChargeRow[] = EVERY_KIND): ExportSources {
  return {
    async *charges() {
      yield await Promise.resolve(rows.slice(0, 1));
      yield await Promise.resolve(rows.slice(1));
    },
    async *usage() {
      yield await Promise.resolve([USAGE]);
    },
    reconciliation: () => Promise.resolve([]),
  };
}

/** The text of the file of a format whose name holds `part`. */
export async function textOf(format: ExportFormat, part: string, given = context(), from = sources()): Promise<string> {
  const file = format.files(given, from).find(({ name }) => name.includes(part));
  if (!file) throw new Error(`${format.id} has no file ${part}`);
  let text = '';
  for await (const piece of file.pieces()) text += String(piece);
  return text;
}
