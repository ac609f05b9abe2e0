// Prices as if a change had held from an instant on, whatever dates it has: to ask what a month that is over would have
// cost. For questions only; nothing is ever rated for the books by these.
import type { Result } from '@trunkline/kernel';
import { compilePriceBooks, type PriceBooks, type PriceCatalogue } from './price-books.js';
import type { PriceVersion } from './price-version.js';

/**
 * The stored prices with those of a change in force from `fromMs` on, without an end: what the change prices is priced by
 * it alone from then. Of several steps of one price the first counts.
 */
export function asIfInForceFrom(
  stored: PriceCatalogue,
  wanted: PriceCatalogue,
  fromMs: number,
): Result<PriceBooks, readonly string[]> {
  const repriced = new Set(wanted.versions.map(versionKey));
  const versions = replaced(stored.versions, wanted.versions, versionKey, fromMs);
  return compilePriceBooks({
    // What came before ends where the change begins, by the rule that the next start closes.
    versions: versions.map((each) => (repriced.has(versionKey(each)) ? { ...each, effectiveTo: null } : each)),
    aliases: replaced(stored.aliases, wanted.aliases, ({ alias }) => alias, fromMs),
    plans: replaced(stored.plans, wanted.plans, ({ tenantId }) => tenantId, fromMs),
    uplifts: replaced(stored.uplifts, wanted.uplifts, ({ scope, name }) => `${scope} ${name}`, fromMs),
  });
}

function replaced<T extends { readonly effectiveFrom: number }>(
  stored: readonly T[],
  wanted: readonly T[],
  keyOf: (row: T) => string,
  fromMs: number,
): T[] {
  const first = new Map<string, T>();
  for (const row of [...wanted].sort((a, b) => a.effectiveFrom - b.effectiveFrom))
    if (!first.has(keyOf(row))) first.set(keyOf(row), { ...row, effectiveFrom: fromMs });
  return [...stored.filter((row) => !first.has(keyOf(row)) || row.effectiveFrom < fromMs), ...first.values()];
}

function versionKey({ provider, book, model, meter, serviceTier }: PriceVersion): string {
  return [provider, book, model, meter, serviceTier].join(' ');
}
