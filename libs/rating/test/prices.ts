// Builders for specs: price rows with defaults, so that what a test sets is what matters.
import {
  compilePriceBook,
  compilePriceBooks,
  NO_PRICES,
  parsePriceRows,
  type ModelAlias,
  type PriceBook,
  type PriceBooks,
  type PriceCatalogue,
  type PriceVersion,
} from '@trunkline/rating';

/** A raw price row: gpt-realtime's text input, USD 4 per million from 2025-08-28, unless told otherwise. */
export function priceRow(over: Record<string, unknown> = {}): Record<string, unknown> {
  const row = { model: 'gpt-realtime', meter: 'input_text', unit: 'tokens', price: '4', effectiveFrom: '2025-08-28' };
  return { ...row, source: 'test', ...over };
}

/** The rows as price versions; throws with the problems when they are refused. */
export function priceVersions(...rows: readonly Record<string, unknown>[]): readonly PriceVersion[] {
  const parsed = parsePriceRows(rows);
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return parsed.value;
}

/** The rows compiled; throws with the contradictions when they are refused. */
export function priceBook(versions: readonly PriceVersion[], aliases: readonly ModelAlias[] = []): PriceBook {
  const compiled = compilePriceBook(versions, aliases);
  if (!compiled.ok) throw new Error(compiled.error.join('\n'));
  return compiled.value;
}

/** The rows with whatever else a test sets, compiled for everybody; throws with the contradictions. */
export function priceBooks(
  rows: readonly Record<string, unknown>[],
  over: Partial<Omit<PriceCatalogue, 'versions'>> = {},
): PriceBooks {
  const compiled = compilePriceBooks({ ...NO_PRICES, ...over, versions: priceVersions(...rows) });
  if (!compiled.ok) throw new Error(compiled.error.join('\n'));
  return compiled.value;
}
