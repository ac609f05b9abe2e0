// Price rows as people and files write them, read into price versions. Everything wrong with a list is reported at once,
// each problem naming its row and saying what to do; nothing is imported from a list with a problem. Contradictions
// between rows (overlaps) are for `price-book.ts`.
import { err, fitsDecimals, formatAmount, ok, parseAmount, type Result } from '@trunkline/kernel';
import { isMeter, METERS } from '@trunkline/metering';
import { z } from 'zod';
import { priceVersionId, quantityPriced, unitFitsMeter, type ModelAlias, type PriceVersion } from './price-version.js';

/** What an import takes: price versions and the other names of their models. */
export interface PriceList {
  readonly versions: readonly PriceVersion[];
  readonly aliases: readonly ModelAlias[];
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/;
// One token must cost a whole number of pico dollars, else sums of parts would differ from the price of the whole.
const TOKEN_PRICE_DECIMALS = 6;

const instant = z.string().transform((text, context) => {
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

const common = {
  model: z.string().min(1, 'must not be empty').max(200),
  provider: z.literal('openai').default('openai'),
  unit: z.enum(['tokens', 'seconds', 'minutes'], 'must be tokens (per 1,000,000), seconds or minutes'),
  effectiveFrom: instant,
  effectiveTo: instant.nullable().default(null),
  currency: z.literal('USD', 'must be USD, the one currency of the ledger').default('USD'),
  serviceTier: z.literal('default').default('default'),
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

/** Reads rows of one meter each: `{model, meter, unit, price: "0.40", effectiveFrom, source, ...}`. */
export function parsePriceRows(rows: readonly unknown[]): Result<readonly PriceVersion[], readonly string[]> {
  const problems: string[] = [];
  const versions: PriceVersion[] = [];
  for (const [i, row] of rows.entries()) {
    const name = `row ${i + 1} (${label(row, 'model')} ${label(row, 'meter')})`;
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
  if (row.unit === 'tokens' && !fitsDecimals(row.price, TOKEN_PRICE_DECIMALS))
    found.push(`${name}: price ${formatAmount(row.price)} has more than six decimals; one token would not be exact`);
  if (row.effectiveTo !== null && row.effectiveTo <= row.effectiveFrom)
    found.push(`${name}: effectiveTo must be later than effectiveFrom; it is the first instant after the last`);
  problems.push(...found);
  return found.length > 0 ? [] : [{ ...row, id: priceVersionId(row), per: quantityPriced(row.unit) }];
}

function issuesOf(error: z.ZodError, name: string): string[] {
  return error.issues.map((issue) => `${name}: ${[...issue.path.map(String), issue.message].join(' ')}`);
}

function label(row: unknown, field: 'model' | 'meter'): string {
  const value: unknown = typeof row === 'object' && row !== null && field in row ? Reflect.get(row, field) : undefined;
  return typeof value === 'string' ? value : `no ${field}`;
}
