// Price rows as people and files write them, read into price versions. Everything wrong with a list is reported at once,
// each problem naming its row and saying what to do; nothing is imported from a list with a problem. Contradictions
// between rows (overlaps) are for `price-book.ts`.
import {
  err,
  fitsDecimals,
  formatAmount,
  hasInvisible,
  ok,
  parseAmount,
  parseId,
  startsLikeFormula,
  VENDORS,
  type AmountPico,
  type Result,
} from '@trunkline/kernel';
import { isMeter, METERS } from '@trunkline/metering';
import { z } from 'zod';
import {
  dollarsMax,
  PRICE_UNITS,
  priceDecimals,
  pricedPer,
  priceVersionId,
  quantityPriced,
  serviceTierOf,
  unitFitsMeter,
  type ModelAlias,
  type PriceBookName,
  type PriceUnit,
  type PriceVersion,
} from './price-version.js';

/** What an import takes: price versions and the other names of their models. */
export interface PriceList {
  readonly versions: readonly PriceVersion[];
  readonly aliases: readonly ModelAlias[];
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/;
const TENANT_BOOK = 'tenant:';
const TIER = /^[a-z][a-z0-9_-]{0,39}$/;
const PICO_PER_DOLLAR = 10n ** 12n;
const LABEL_CHARS_MAX = 80;

/** A UTC instant as people write it: `2025-08-28` or `2025-08-28T00:00:00Z`; Unix milliseconds. */
export const instantText = z.string().transform((text, context) => {
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  // The platform reads 30 February as 2 March.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 10))) return ms;
  context.addIssue(`"${text}" is not a UTC date; write 2025-08-28 or 2025-08-28T00:00:00Z`);
  return z.NEVER;
});

const price = z
  .string('must be a decimal in quotes, such as "0.40": numbers would lose digits')
  .transform((text, context) => {
    const amount = parseAmount(text);
    if (amount !== null && amount >= 0n) return amount;
    context.addIssue(
      amount === null
        ? `"${text}" is not a decimal with at most 12 decimals, such as "0.40"`
        : `"${text}" is negative; a price is zero or more`,
    );
    return z.NEVER;
  });

const meter = z.string().transform((name, context) => {
  if (isMeter(name)) return name;
  context.addIssue(`"${name}" is not a meter of this system`);
  return z.NEVER;
});

const book = z.string().transform((text, context): PriceBookName => {
  if (text === 'vendor') return text;
  const tenantId = text.startsWith(TENANT_BOOK) ? parseId('tnt', text.slice(TENANT_BOOK.length)) : null;
  if (tenantId !== null) return `${TENANT_BOOK}${tenantId}`;
  context.addIssue(`"${text}" is not a book; write vendor, or tenant:tnt_... for what one tenant pays`);
  return z.NEVER;
});

const common = {
  // It goes into files for spreadsheets as it is.
  model: z
    .string()
    .min(1, 'must not be empty')
    .max(200)
    .refine((text) => !startsLikeFormula(text), 'must not begin with = + - or @: a spreadsheet would run it')
    .refine((text) => !hasInvisible(text), 'must not contain control, invisible or direction-changing characters'),
  provider: z.enum(VENDORS, `must be one of ${VENDORS.join(', ')}`).default('openai'),
  book: book.default('vendor'),
  unit: z.enum(PRICE_UNITS, `must be one of ${PRICE_UNITS.join(', ')} (tokens and characters: the price of 1,000,000)`),
  effectiveFrom: instantText,
  effectiveTo: instantText.nullable().default(null),
  currency: z.literal('USD', 'must be USD, the one currency of the ledger').default('USD'),
  serviceTier: z
    .string()
    .regex(TIER, 'must be a service tier in lower case, such as default, flex or priority')
    .transform(serviceTierOf)
    .default('default'),
  source: z.string().min(1, 'must say where the price was read').max(1000),
  confidence: z.enum(['high', 'medium', 'low']).default('medium'),
  note: z.string().max(2000).nullable().default(null),
};
const meterPrice = z.strictObject({ meter, price });
const rowSchema = z.strictObject({ ...common, meter, price });
const sheetSchema = z.strictObject({
  ...common,
  aliases: z.array(z.string().min(1).max(200)).default([]),
  prices: z.record(z.string(), z.unknown()),
});
type ParsedRow = z.output<typeof rowSchema>;

/**
 * Reads rows of one meter each: `{model, meter, unit, price: "0.40", effectiveFrom, source, ...}`. `rowOf` names a row in
 * problems, for rows that were made out of those of a file.
 */
export function parsePriceRows(
  rows: readonly unknown[],
  rowOf: (index: number) => string = (index) => `row ${index + 1}`,
): Result<readonly PriceVersion[], readonly string[]> {
  const problems: string[] = [];
  const versions: PriceVersion[] = [];
  for (const [i, row] of rows.entries()) {
    const name = `${rowOf(i)} (${label(row, 'model')} ${label(row, 'meter')})`;
    const parsed = rowSchema.safeParse(row);
    if (parsed.success) versions.push(...toVersion(parsed.data, name, problems));
    else problems.push(...issuesOf(parsed.error, name));
  }
  return problems.length > 0 ? err(problems) : ok(versions);
}

/**
 * Reads sheets: one model with all its prices by meter, and the aliases that point to it from the same date on. The form
 * of the seed files, near the vendor's own price tables.
 */
export function parsePriceSheets(sheets: readonly unknown[]): Result<PriceList, readonly string[]> {
  const problems: string[] = [];
  const versions: PriceVersion[] = [];
  const aliases: ModelAlias[] = [];
  for (const [i, raw] of sheets.entries()) {
    const name = `sheet ${i + 1} (${label(raw, 'model')})`;
    const parsed = sheetSchema.safeParse(raw);
    if (!parsed.success) {
      problems.push(...issuesOf(parsed.error, name));
      continue;
    }
    const { aliases: names, prices, ...rest } = parsed.data;
    for (const [meterName, text] of Object.entries(prices)) {
      const entry = meterPrice.safeParse({ meter: meterName, price: text });
      if (entry.success) versions.push(...toVersion({ ...rest, ...entry.data }, `${name} ${meterName}`, problems));
      else problems.push(...issuesOf(entry.error, `${name} ${meterName}`));
    }
    const { model, effectiveFrom, source } = rest;
    aliases.push(...names.map((alias) => ({ alias, model, effectiveFrom, source })));
  }
  return problems.length > 0 ? err(problems) : ok({ versions, aliases });
}

function toVersion(row: ParsedRow, name: string, problems: string[]): PriceVersion[] {
  const found: string[] = [];
  if (!unitFitsMeter(row.unit, row.meter))
    found.push(`${name}: unit ${row.unit} does not fit the meter ${row.meter}, which counts ${METERS[row.meter].unit}`);
  if (!fitsDecimals(row.price, priceDecimals(row.unit)))
    found.push(
      `${name}: price ${formatAmount(row.price)} has more than ${priceDecimals(row.unit)} decimals; ` +
        `one of the ${row.unit} would not be exact`,
    );
  if (row.price > dollarsMax(row.unit) * PICO_PER_DOLLAR) found.push(`${name}: ${absurd(row.price, row.unit)}`);
  if (row.effectiveTo !== null && row.effectiveTo <= row.effectiveFrom)
    found.push(`${name}: effectiveTo must be later than effectiveFrom; it is the first instant after the last`);
  problems.push(...found);
  return found.length > 0 ? [] : [versionOf(row)];
}

function versionOf(row: ParsedRow): PriceVersion {
  const key = { ...row, revision: 0 };
  return { ...key, id: priceVersionId(key), per: quantityPriced(row.unit), derivedFrom: null };
}

function absurd(price: AmountPico, unit: PriceUnit): string {
  return (
    `price ${formatAmount(price)} is more than ${dollarsMax(unit)} USD per ${pricedPer(unit)}, which no vendor asks: ` +
    'look for a lost decimal point'
  );
}

function issuesOf(error: z.ZodError, name: string): string[] {
  return error.issues.map((issue) => `${name}: ${[...issue.path.map(String), issue.message].join(' ')}`);
}

function label(row: unknown, field: 'model' | 'meter'): string {
  const value: unknown = typeof row === 'object' && row !== null && field in row ? Reflect.get(row, field) : undefined;
  return typeof value === 'string' ? value.slice(0, LABEL_CHARS_MAX) : `no ${field}`;
}
