// What differs between two states of the prices: of one catalogue at two instants, or with and without a change. Pure.
import { formatAmount } from '@trunkline/kernel';
import type { PriceBooks, PriceCatalogue } from './price-books.js';
import { formatBps, inForce } from './price-plan.js';
import { describeVersion, pricedPer, type PriceVersion } from './price-version.js';

/** One thing that differs. */
export interface PriceDifference {
  /** `gpt-realtime input_text`, `markup for tenant:tnt_...`, `uplift data-residency for pool:pool_...`, `alias voice`. */
  readonly what: string;
  /** Unix milliseconds: from when on (of a change), or the later instant (of two). */
  readonly atMs: number;
  /** `4 per 1M tokens`, `15 %`; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What the same catalogue says at one instant and at a later one; only what differs. */
export function differenceOverTime(books: PriceBooks, fromMs: number, toMs: number): readonly PriceDifference[] {
  const before = termsAt(books.catalogue, fromMs);
  const after = termsAt(books.catalogue, toMs);
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((what) => ({ what, atMs: toMs, before: before.get(what) ?? null, after: after.get(what) ?? null }))
    .filter((each) => each.before !== each.after);
}

/** What each row of a change does at its start: what holds there without it, and what with it. */
export function differenceOfChange(stored: PriceCatalogue, added: PriceCatalogue): readonly PriceDifference[] {
  const at = (effectiveFrom: number, what: string, after: string): PriceDifference => {
    const before = termsAt(stored, effectiveFrom).get(what) ?? null;
    return { what, atMs: effectiveFrom, before, after };
  };
  return [
    ...added.versions.map((version) => at(version.effectiveFrom, nameOf(version), priceText(version))),
    ...added.plans.map((plan) => at(plan.effectiveFrom, planName(plan.tenantId), formatBps(plan.markupBps))),
    ...added.uplifts.map((each) => at(each.effectiveFrom, upliftName(each), formatBps(each.upliftBps))),
    ...added.aliases.map((alias) => at(alias.effectiveFrom, `alias ${alias.alias}`, alias.model)),
  ];
}

function termsAt({ versions, aliases, plans, uplifts }: PriceCatalogue, atMs: number): Map<string, string> {
  const terms = new Map<string, string>();
  for (const [what, rows] of groupBy(versions, nameOf)) {
    const version = inForce(rows, atMs);
    if (version !== null && (version.effectiveTo === null || atMs < version.effectiveTo))
      terms.set(what, priceText(version));
  }
  for (const [what, rows] of groupBy(plans, ({ tenantId }) => planName(tenantId))) {
    const plan = inForce(rows, atMs);
    if (plan !== null) terms.set(what, formatBps(plan.markupBps));
  }
  for (const [what, rows] of groupBy(uplifts, upliftName)) {
    const uplift = inForce(rows, atMs);
    if (uplift !== null) terms.set(what, formatBps(uplift.upliftBps));
  }
  for (const [name, rows] of groupBy(aliases, ({ alias }) => alias)) {
    const dated = rows.map((row) => ({ ...row, revision: 0 }));
    const alias = inForce(dated, atMs);
    if (alias !== null) terms.set(`alias ${name}`, alias.model);
  }
  return terms;
}

function nameOf(version: PriceVersion): string {
  return describeVersion({ ...version, revision: 0 }).replace(/ from \S+$/, '');
}

function planName(tenantId: string): string {
  return `markup for tenant:${tenantId}`;
}

function upliftName({ name, scope }: { readonly name: string; readonly scope: string }): string {
  return `uplift ${name} for ${scope}`;
}

function priceText(version: PriceVersion): string {
  return `${formatAmount(version.price)} per ${pricedPer(version.unit)}`;
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
