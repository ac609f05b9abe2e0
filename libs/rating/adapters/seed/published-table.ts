// Price tables as they are collected from the vendor's pages: one row per model with a column per meter
// (`per_1M_tokens`, `per_minute`), or one row per price (`1M_tokens.audio.input`, `minute.active`). Numbers in JSON are read
// as the shortest decimal that gives them, which is how they were written. A row without a date gets the one that whoever
// imports gives; without that it is refused, as what is no price is, with its row named. Nothing is guessed.
import { err, ok, VENDORS, type Result } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { parsePriceRows, type ModelAlias, type PriceList, type PriceVersion } from '@trunkline/rating';
import { z } from 'zod';

const DAY_MS = 86_400_000;

const ignored = z.unknown().optional();
const common = {
  model: z.string().min(1),
  provider: z.enum(VENDORS, `must be one of ${VENDORS.join(', ')}`).default('openai'),
  currency: z.literal('USD', 'must be USD, the one currency of the ledger').default('USD'),
  effective_from: z.iso.date(
    'must be a date: give the row one, or import with --effective-from for all that have none',
  ),
  source: z.string().min(1),
  note: z.string().nullish(),
  confidence: z.enum(['high', 'medium', 'low']).default('medium'),
  // What collectors write beside prices, and nothing is made of.
  ...{ shutdown: ignored, verified: ignored, billed_per: ignored, effective_from_note: ignored },
};
// A column that is left out in silence would be a price that is missing.
const everyColumn: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'unrecognized_keys'
    ? `has a column that is none of a table of prices: ${issue.keys.join(', ')}. Correct its name or leave it out (docs/prices.md)`
    : undefined;
const amount = z.number().nonnegative().nullish();
const COLUMNS = [
  ['text_in', 'input_text'],
  ['text_cached_in', 'input_text_cached'],
  ['audio_in', 'input_audio'],
  ['audio_cached_in', 'input_audio_cached'],
  ['image_in', 'input_image'],
  ['image_cached_in', 'input_image_cached'],
  ['text_out', 'output_text'],
  ['audio_out', 'output_audio'],
] as const satisfies readonly (readonly [string, Meter])[];

const tableColumns = {
  ...common,
  effective_to: z.iso.date().nullish(),
  unit: z.enum(['per_1M_tokens', 'per_minute'], 'must be per_1M_tokens or per_minute'),
  aliases: z.array(z.string().min(1)).default([]),
  ...{ text_in: amount, text_cached_in: amount, audio_in: amount, audio_cached_in: amount },
  ...{ image_in: amount, image_cached_in: amount, text_out: amount, audio_out: amount },
  ...{ per_minute: amount, per_minute_standby: amount },
};
const tableRow = z.strictObject(tableColumns, { error: everyColumn });

const PRICES = {
  '1M_tokens.text.input': 'input_text',
  '1M_tokens.text.cached_input': 'input_text_cached',
  '1M_tokens.text.output': 'output_text',
  '1M_tokens.audio.input': 'input_audio',
  '1M_tokens.audio.cached_input': 'input_audio_cached',
  '1M_tokens.audio.output': 'output_audio',
  '1M_tokens.image.input': 'input_image',
  '1M_tokens.image.cached_input': 'input_image_cached',
  'minute.active': 'session_seconds',
  'minute.standby': 'session_standby_seconds',
  'minute.audio': 'session_seconds',
} as const satisfies Record<string, Meter>;
/** Rows that a collector writes beside prices, and why they are none: left out, and said to be. */
const NO_PRICES: Readonly<Record<string, string>> = {
  'seconds.webrtc_init_minimum': 'is the least quantity that is billed, not a price',
};
const isPriceUnit = (unit: string): unit is keyof typeof PRICES => Object.hasOwn(PRICES, unit);
const priceColumns = { ...common, unit: z.string(), price: z.number().nonnegative() };
const priceRow = z.strictObject(priceColumns, { error: everyColumn });

/** Prices, and what of the rows is none. */
export interface ReadPrices extends PriceList {
  /** Each with its row and why. */
  readonly leftOut: readonly string[];
}

/** Whether a list of rows has the form of such a table and not of a price sheet. */
export function isPublishedTable(rows: readonly unknown[]): boolean {
  return rows.some((row) => typeof row === 'object' && row !== null && 'effective_from' in row);
}

/**
 * Reads a table. @param effectiveFrom the date of rows that have none.
 * @returns its prices, or every problem, each naming its row.
 */
export function readPublishedTable(
  rows: readonly unknown[],
  effectiveFrom: string | null = null,
): Result<ReadPrices, readonly string[]> {
  const leftOut: string[] = [];
  const versions: PriceVersion[] = [];
  const aliases: ModelAlias[] = [];
  const problems: string[] = [];
  for (const [i, row] of rows.entries()) {
    const none = whyNoPrice(row);
    if (none !== null) leftOut.push(`row ${i + 1} (${nameOf(row)}): ${none}`);
    if (none !== null) continue;
    const raw = dated(row, effectiveFrom);
    const isSingle = typeof raw === 'object' && raw !== null && 'price' in raw;
    const read = isSingle ? readPrice(raw) : readRow(raw);
    if (!read.ok) {
      problems.push(...read.error.map((problem) => `row ${i + 1} (${nameOf(raw)}): ${problem}`));
      continue;
    }
    const prices = parsePriceRows(read.value.prices, () => `row ${i + 1}`);
    if (prices.ok) versions.push(...prices.value);
    else problems.push(...prices.error);
    aliases.push(...read.value.aliases);
  }
  return problems.length > 0 ? err(problems) : ok({ versions, aliases, leftOut });
}

function whyNoPrice(row: unknown): string | null {
  const unit: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'unit') : undefined;
  return typeof unit === 'string' && Object.hasOwn(NO_PRICES, unit) ? (NO_PRICES[unit] ?? null) : null;
}

function dated(row: unknown, effectiveFrom: string | null): unknown {
  const isUndated = typeof row === 'object' && row !== null && (Reflect.get(row, 'effective_from') ?? null) === null;
  return isUndated && effectiveFrom !== null ? { ...row, effective_from: effectiveFrom } : row;
}

interface ReadRow {
  readonly prices: readonly Record<string, unknown>[];
  readonly aliases: readonly ModelAlias[];
}

function readRow(raw: unknown): Result<ReadRow, readonly string[]> {
  const parsed = tableRow.safeParse(raw);
  if (!parsed.success) return err(issuesOf(parsed.error));
  const row = parsed.data;
  const { provider, model, source, unit } = row;
  const terms = {
    ...{
      provider,
      model,
      source,
      confidence: row.confidence,
      note: row.note ?? null,
      effectiveFrom: row.effective_from,
    },
    // The table names the last day; an end here is the first instant after it.
    effectiveTo: row.effective_to ? new Date(Date.parse(row.effective_to) + DAY_MS).toISOString() : null,
  };
  const minutes: readonly (readonly [Meter, number | null | undefined])[] = [
    [minuteMeter(model), row.per_minute],
    ['session_standby_seconds', row.per_minute_standby],
  ];
  const tokens = COLUMNS.map(([column, meter]): readonly [Meter, number | null | undefined] => [
    tokenMeter(model, meter),
    row[column],
  ]);
  const priced = (unit === 'per_minute' ? minutes : tokens).flatMap(([meter, price]) =>
    typeof price === 'number'
      ? [{ ...terms, meter, price: String(price), unit: unit === 'per_minute' ? 'minutes' : 'tokens' }]
      : [],
  );
  if (priced.length === 0) return err([`has no price in a column of its unit ${unit}`]);
  const effectiveFrom = Date.parse(row.effective_from);
  return ok({ prices: priced, aliases: row.aliases.map((alias) => ({ alias, model, effectiveFrom, source })) });
}

function readPrice(raw: unknown): Result<ReadRow, readonly string[]> {
  const parsed = priceRow.safeParse(raw);
  if (!parsed.success) return err(issuesOf(parsed.error));
  const { provider, model, source, unit, price, confidence, note, effective_from: effectiveFrom } = parsed.data;
  if (!isPriceUnit(unit)) return err([`unit ${unit} is none that this reads: ${Object.keys(PRICES).join(', ')}`]);
  const meter = unit === 'minute.audio' ? minuteMeter(model) : tokenMeter(model, PRICES[unit]);
  const terms = { provider, model, source, confidence, note: note ?? null, effectiveFrom, price: String(price) };
  return ok({ prices: [{ ...terms, meter, unit: unit.startsWith('minute') ? 'minutes' : 'tokens' }], aliases: [] });
}

// Which of the vendor's models hear, translate or hold a session is in their names.
function minuteMeter(model: string): Meter {
  if (/transcribe|whisper/.test(model)) return 'transcription_seconds';
  return model.includes('translate') ? 'translation_seconds' : 'session_seconds';
}

function tokenMeter(model: string, meter: Meter): Meter {
  if (!/transcribe|whisper/.test(model)) return meter;
  if (meter === 'output_text') return 'transcription_output_text';
  return meter === 'input_audio' ? 'transcription_input_audio' : 'transcription_input_text';
}

function issuesOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => [...issue.path.map(String), issue.message].join(' '));
}

function nameOf(raw: unknown): string {
  const model: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'model') : undefined;
  return typeof model === 'string' ? model : 'no model';
}
