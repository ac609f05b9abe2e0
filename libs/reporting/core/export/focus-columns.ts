// The columns of FOCUS Cost and Usage that apply to us, in the order of the file: FOCUS's by name, then our own. Where a
// column is `since` or `until` a version, the projections to older ones follow from it. What a column means is FOCUS's to
// say; what we put into it is said here, in one place, and checked by focus.spec.ts.
import { formatAmount, ZERO, type AmountPico } from '@trunkline/kernel';
import { pricingUnitOf } from '@trunkline/rating';
import { isMetered, type AppliedPrice, type ChargeRow } from '../charge-row.js';
import { UNASSIGNED } from '../cost-centre.js';
import { costCentreOfRow, entryOf, type TenantEntry } from '../directory.js';
import type { CostCentre } from '../cost-centre.js';
import { quotientText } from './decimals.js';
import type { ExportContext, VendorNames } from './format.js';
import { meterWordsOf, type MeterWords } from './meter-words.js';
import type { FocusVersion } from './options.js';

/** FOCUS's data types, as its metadata names them. */
export type FocusType = 'String' | 'Decimal' | 'DateTime' | 'JSON';

/** A row with everything that several columns need of it. */
export interface FocusRow {
  readonly row: ChargeRow;
  readonly context: ExportContext;
  readonly tenant: TenantEntry;
  readonly centre: CostCentre | null;
  readonly words: MeterWords | null;
  readonly vendor: VendorNames;
  /** The price whose unit the row is priced in. */
  readonly priced: AppliedPrice | null;
}

/** A column. */
export interface FocusColumn {
  readonly name: string;
  readonly type: FocusType;
  readonly nulls: boolean;
  readonly since?: FocusVersion;
  readonly until?: FocusVersion;
  readonly value: (focus: FocusRow) => string | null;
}

const QUANTITY_DIGITS = 18;
const MICRO = 1_000_000n;

/** Gathers what the columns need. */
export function focusRowOf(row: ChargeRow, context: ExportContext): FocusRow {
  const metered = isMetered(row);
  const priced = metered ? (row.chargePrice ?? row.listPrice) : null;
  return {
    row,
    context,
    tenant: entryOf(context.directory, row.tenantId),
    centre: costCentreOfRow(context.directory, row),
    words: metered ? meterWordsOf(row) : null,
    vendor: context.vendorOf(priced?.provider ?? null),
    priced,
  };
}

/** A FOCUS instant: whole seconds, UTC. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const text = (name: string, value: FocusColumn['value'], nulls = false): FocusColumn => ({
  name,
  type: 'String',
  nulls,
  value,
});
const decimal = (name: string, value: FocusColumn['value'], nulls = false): FocusColumn => ({
  name,
  type: 'Decimal',
  nulls,
  value,
});
const time = (name: string, ms: (focus: FocusRow) => number): FocusColumn => ({
  name,
  type: 'DateTime',
  nulls: false,
  value: (focus) => instant(ms(focus)),
});

const charge = ({ row }: FocusRow): string => formatAmount(row.charge);

/** All columns of all versions. */
export const FOCUS_COLUMNS: readonly FocusColumn[] = [
  decimal('BilledCost', charge),
  text('BillingAccountId', ({ context }) => context.directory.company.billingAccountId),
  text('BillingAccountName', ({ context }) => context.directory.company.name, true),
  text('BillingCurrency', () => 'USD'),
  time('BillingPeriodEnd', ({ context }) => context.directory.toMs),
  time('BillingPeriodStart', ({ context }) => context.directory.fromMs),
  text('ChargeCategory', chargeCategory),
  text('ChargeClass', ({ row }) => (row.usagePeriod < row.period ? 'Correction' : null), true),
  text('ChargeDescription', chargeDescription, true),
  text('ChargeFrequency', ({ words }) => (words === null ? 'One-Time' : 'Usage-Based')),
  time('ChargePeriodEnd', ({ row }) => (row.toMs > row.fromMs ? row.toMs : secondAfter(row.fromMs))),
  time('ChargePeriodStart', ({ row }) => row.fromMs),
  decimal('ConsumedQuantity', consumedQuantity, true),
  text('ConsumedUnit', ({ words }) => words?.unit ?? null, true),
  decimal('ContractedCost', charge),
  decimal('ContractedUnitPrice', contractedUnitPrice, true),
  decimal('EffectiveCost', charge),
  { ...text('HostProviderName', ({ vendor }) => vendor.name), since: '1.3' },
  { ...text('InvoiceDetailId', () => null, true), since: '1.4' },
  text('InvoiceId', invoiceId, true),
  text('InvoiceIssuerName', ({ context }) => context.directory.company.name),
  decimal('ListCost', listCost),
  decimal('ListUnitPrice', listUnitPrice, true),
  text('PricingCategory', ({ words }) => (words === null ? null : 'Standard'), true),
  decimal('PricingQuantity', pricingQuantity, true),
  text('PricingUnit', ({ priced }) => (priced === null ? null : pricingUnitOf(priced.unit)), true),
  { ...text('ProviderName', ({ vendor }) => vendor.name), until: '1.3' },
  { ...text('PublisherName', ({ vendor }) => vendor.name), until: '1.3' },
  text('ServiceCategory', () => 'AI and Machine Learning'),
  text('ServiceName', ({ vendor }) => vendor.service),
  { ...text('ServiceProviderName', ({ vendor }) => vendor.name), since: '1.3' },
  text('ServiceSubcategory', () => 'Generative AI'),
  text('SkuId', ({ words }) => words?.skuId ?? null, true),
  text('SkuMeter', ({ words }) => words?.skuMeter ?? null, true),
  { ...text('SkuPriceDetails', skuPriceDetails, true), type: 'JSON' },
  text('SkuPriceId', skuPriceId, true),
  text('SubAccountId', ({ row }) => row.tenantId),
  text('SubAccountName', ({ tenant }) => tenant.name),
  text('SubAccountType', () => 'Tenant'),
  { ...text('Tags', ({ centre }) => JSON.stringify({ cost_center: centre?.code ?? UNASSIGNED })), type: 'JSON' },
  text('x_CloseId', ({ tenant }) => tenant.standing.closeId, true),
  text('x_CorrectionReason', ({ row }) => row.booking?.reason ?? null, true),
  text('x_CorrectsLedgerId', ({ row }) => row.booking?.correctsId ?? null, true),
  text('x_CostCenter', ({ centre }) => centre?.code ?? UNASSIGNED),
  text('x_CredentialId', ({ row }) => (isMetered(row) ? row.keyId : null), true),
  text('x_CredentialName', credentialName, true),
  text('x_LedgerId', ({ row }) => row.booking?.id ?? null, true),
  text('x_PriceVersionId', ({ row }) => (isMetered(row) ? (row.chargePrice?.id ?? null) : null), true),
  text('x_UsageConfidence', usageConfidence, true),
];

/** The columns of one version, in order. */
export function focusColumns(version: FocusVersion): readonly FocusColumn[] {
  return FOCUS_COLUMNS.filter(
    ({ since, until }) => (since === undefined || version >= since) && (until === undefined || version <= until),
  );
}

// A booking by hand has an instant; a charge period has a length.
function secondAfter(ms: number): number {
  return ms + 1_000;
}

function chargeCategory({ row }: FocusRow): string {
  switch (row.kind) {
    case 'usage':
    case 'correction':
      return 'Usage';
    case 'adjustment':
      return 'Adjustment';
    case 'credit':
      return 'Credit';
    case 'prepayment':
      return 'Purchase';
  }
}

function chargeDescription({ row, words }: FocusRow): string | null {
  if (words === null || !isMetered(row)) return row.booking?.reason ?? null;
  return `${row.model} ${words.skuMeter.toLowerCase()}`;
}

function consumedQuantity({ row }: FocusRow): string | null {
  return isMetered(row) ? quotientText(row.quantityMicro, MICRO, 6).text : null;
}

function pricingQuantity({ row, priced }: FocusRow): string | null {
  if (!isMetered(row) || priced === null) return null;
  return quotientText(row.quantityMicro, priced.per * MICRO, QUANTITY_DIGITS).text;
}

function contractedUnitPrice({ row }: FocusRow): string | null {
  if (!isMetered(row)) return null;
  return row.chargePrice === null ? '0' : formatAmount(row.chargePrice.price);
}

// A booking by hand has no list price: one of the tenant's side stands as it is, one of the vendor's side as what it costs.
function listCost({ row }: FocusRow): string {
  return formatAmount(isMetered(row) || row.cost !== ZERO ? row.cost : row.charge);
}

// The list price in the unit of the row. Where the tenant's price is per another quantity than the list's, only if that
// can be said exactly.
function listUnitPrice({ row, priced }: FocusRow): string | null {
  if (!isMetered(row) || row.listPrice === null || priced === null) return null;
  return inUnit(row.listPrice.price, priced.per, row.listPrice.per);
}

function inUnit(price: AmountPico, per: bigint, listPer: bigint): string | null {
  if (per === listPer) return formatAmount(price);
  const { text: converted, exact } = quotientText(BigInt(price) * per, listPer * 10n ** 12n, QUANTITY_DIGITS);
  return exact ? converted : null;
}

function invoiceId({ tenant, context }: FocusRow): string | null {
  return tenant.standing.status === 'closed' ? `${context.directory.period}/${tenant.slug}` : null;
}

// Without amounts and dates: it stays the same when the price changes.
function skuPriceDetails({ row, words, priced }: FocusRow): string | null {
  if (!isMetered(row) || words === null || priced === null) return null;
  return JSON.stringify({
    x_Model: row.model,
    x_Modality: words.modality,
    x_Direction: words.direction,
    x_CacheStatus: words.cache,
    x_ServiceTier: priced.serviceTier,
  });
}

function skuPriceId({ words, priced }: FocusRow): string | null {
  if (words === null || priced === null) return null;
  const tier = priced.serviceTier === 'default' ? '' : `-${priced.serviceTier}`;
  const unit = pricingUnitOf(priced.unit).toLowerCase().replace('1000000 ', '1m-');
  return `${words.skuId}@usd-per-${unit}${tier}`;
}

function credentialName({ row, tenant }: FocusRow): string | null {
  return isMetered(row) && row.keyId !== null ? (tenant.keys.get(row.keyId) ?? null) : null;
}

function usageConfidence({ row }: FocusRow): string | null {
  if (!isMetered(row)) return null;
  if (row.billing === 'not_billed') return 'estimated_not_billed';
  return row.evidence === 'estimated' ? 'estimated' : 'confirmed';
}
