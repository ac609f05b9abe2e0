// The price book: which price version is in force for a model and a meter at an instant. Immutable; compiled from rows
// and refused as a whole when the rows contradict each other, so that at most one price ever answers. It guarantees
// nothing about completeness: "no price" is an answer (null), and what to do then is for `rate.ts`.
import { err, formatAmount, ok, type Result } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { describeVersion, type ModelAlias, type PriceVersion } from './price-version.js';

/** Prices by model, meter and instant. */
export interface PriceBook {
  /** The price in force, or null: then the usage is unrated, never free. */
  lookup(model: string, meter: Meter, atMs: number): PriceVersion | null;
  /** The priced model that a name stands for at an instant (see `compilePriceBook`), or null when none does. */
  resolve(model: string, atMs: number): string | null;
  /** All versions, in the order of model, meter and start, with their effective ends. */
  readonly versions: readonly PriceVersion[];
  readonly aliases: readonly ModelAlias[];
}

type VersionsByMeter = Map<Meter, PriceVersion[]>;

/** OpenAI's dated snapshots: `gpt-realtime-2025-08-28` is of the family `gpt-realtime`. */
const DATED_SNAPSHOT = /^(.+)-\d{4}-\d{2}-\d{2}$/;

/**
 * Compiles a book. An open end (`effectiveTo` null) closes where the next version of the same model and meter starts.
 * Names resolve in this order: a priced model is itself (and never borrows another's price, even before its first
 * version); an alias is the model it pointed to at that instant; an unknown dated snapshot `<family>-YYYY-MM-DD` is its
 * family, for OpenAI publishes snapshots before we hear of them and has always priced them as the family until it said
 * otherwise. Rejected: pricing an unknown name as its nearest relative.
 * @returns the book, or every contradiction, each naming both rows.
 */
export function compilePriceBook(
  rows: readonly PriceVersion[],
  aliases: readonly ModelAlias[],
): Result<PriceBook, readonly string[]> {
  const byModel = groupByModelAndMeter(rows);
  const problems: string[] = [];
  const versions: PriceVersion[] = [];
  for (const byMeter of byModel.values()) {
    for (const [meter, group] of byMeter) {
      problems.push(...overlaps(group));
      const closed = closeByNext(group);
      byMeter.set(meter, closed);
      versions.push(...closed);
    }
  }
  const aliasIndex = indexAliases(aliases);
  problems.push(...aliasProblems(aliases, aliasIndex, byModel));
  if (problems.length > 0) return err(problems);

  const resolveKnown = (model: string, atMs: number): string | null =>
    byModel.has(model) ? model : (lastInForce(aliasIndex.get(model) ?? [], atMs)?.model ?? null);
  const resolve = (model: string, atMs: number): string | null => {
    if (byModel.has(model) || aliasIndex.has(model)) return resolveKnown(model, atMs);
    const family = DATED_SNAPSHOT.exec(model)?.[1];
    return family === undefined ? null : resolveKnown(family, atMs);
  };
  const lookup = (model: string, meter: Meter, atMs: number): PriceVersion | null => {
    const priced = resolve(model, atMs);
    const group = priced === null ? undefined : byModel.get(priced)?.get(meter);
    const version = lastInForce(group ?? [], atMs);
    return version === null || (version.effectiveTo !== null && atMs >= version.effectiveTo) ? null : version;
  };
  return ok({ lookup, resolve, versions, aliases });
}

/** A book without prices: everything is unrated. What a process starts on before it has read the table. */
export function emptyPriceBook(): PriceBook {
  return { lookup: () => null, resolve: () => null, versions: [], aliases: [] };
}

function groupByModelAndMeter(rows: readonly PriceVersion[]): Map<string, VersionsByMeter> {
  const byModel = new Map<string, VersionsByMeter>();
  const sorted = [...rows].sort(
    (a, b) => compare(a.model, b.model) || compare(a.meter, b.meter) || a.effectiveFrom - b.effectiveFrom,
  );
  for (const row of sorted) {
    const byMeter: VersionsByMeter = byModel.get(row.model) ?? new Map<Meter, PriceVersion[]>();
    byModel.set(row.model, byMeter);
    byMeter.set(row.meter, [...(byMeter.get(row.meter) ?? []), row]);
  }
  return byModel;
}

function closeByNext(sorted: readonly PriceVersion[]): PriceVersion[] {
  return sorted.map((version, i) => ({
    ...version,
    effectiveTo: version.effectiveTo ?? sorted[i + 1]?.effectiveFrom ?? null,
  }));
}

function overlaps(sorted: readonly PriceVersion[]): string[] {
  const problems: string[] = [];
  for (const [i, version] of sorted.entries()) {
    const next = sorted[i + 1];
    const end = version.effectiveTo;
    if (end !== null && end <= version.effectiveFrom) problems.push(`${describe(version)} ends before it starts`);
    if (next && (next.effectiveFrom === version.effectiveFrom || (end !== null && next.effectiveFrom < end)))
      problems.push(`${describe(version)} overlaps ${describe(next)}`);
  }
  return problems;
}

function describe(version: PriceVersion): string {
  const end = version.effectiveTo === null ? 'open' : new Date(version.effectiveTo).toISOString();
  return `${describeVersion(version)} to ${end} at ${formatAmount(version.price)} (${version.id})`;
}

function indexAliases(aliases: readonly ModelAlias[]): Map<string, ModelAlias[]> {
  const index = new Map<string, ModelAlias[]>();
  for (const alias of [...aliases].sort((a, b) => a.effectiveFrom - b.effectiveFrom))
    index.set(alias.alias, [...(index.get(alias.alias) ?? []), alias]);
  return index;
}

function aliasProblems(
  aliases: readonly ModelAlias[],
  index: ReadonlyMap<string, readonly ModelAlias[]>,
  byModel: ReadonlyMap<string, VersionsByMeter>,
): string[] {
  const problems: string[] = [];
  for (const alias of aliases) {
    if (byModel.has(alias.alias))
      problems.push(`alias ${alias.alias} -> ${alias.model}: ${alias.alias} has prices of its own; drop one of them`);
    if (!byModel.has(alias.model))
      problems.push(`alias ${alias.alias} -> ${alias.model}: ${alias.model} has no price; import its prices first`);
  }
  for (const [name, group] of index) {
    const twice = group.find((each, i) => group[i + 1]?.effectiveFrom === each.effectiveFrom);
    if (twice) problems.push(`alias ${name} points to two models from ${new Date(twice.effectiveFrom).toISOString()}`);
  }
  return problems;
}

function lastInForce<T extends { readonly effectiveFrom: number }>(sorted: readonly T[], atMs: number): T | null {
  return sorted.findLast((each) => each.effectiveFrom <= atMs) ?? null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
