// The price book: which price version is in force for a model and a meter at an instant. Immutable; compiled from rows
// and refused as a whole when the rows contradict each other, so that at most one price ever answers. It guarantees
// nothing about completeness: "no price" is an answer (null), and what to do then is for `rate.ts`. One book holds one
// service tier of one list; which book holds for whom is for `price-books.ts`.
import { err, formatAmount, ok, type Result } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { compileModelNames, type ResolveModel } from './model-names.js';
import { describeVersion, type ModelAlias, type PriceVersion } from './price-version.js';

/** Prices by model, meter and instant. */
export interface PriceBook {
  /** The price in force, or null: then the usage is unrated, never free. */
  lookup(model: string, meter: Meter, atMs: number): PriceVersion | null;
  /** The priced model that a name stands for at an instant (see `compileModelNames`), or null when none does. */
  resolve(model: string, atMs: number): string | null;
  /** All versions that count, in the order of model, meter and start, with their effective ends. */
  readonly versions: readonly PriceVersion[];
  readonly aliases: readonly ModelAlias[];
}

type VersionsByMeter = Map<Meter, PriceVersion[]>;

/**
 * Compiles a book of one list and one service tier. An open end (`effectiveTo` null) closes where the next version of the
 * same model and meter starts. Of versions with the same start, the one of the highest revision counts: a correction.
 * @returns the book, or every contradiction, each naming both rows.
 */
export function compilePriceBook(
  rows: readonly PriceVersion[],
  aliases: readonly ModelAlias[],
): Result<PriceBook, readonly string[]> {
  const names = compileModelNames(new Set(rows.map((row) => row.model)), aliases);
  const compiled = compileVersions(rows, names.ok ? names.value : () => null);
  const problems = [...(compiled.ok ? [] : compiled.error), ...(names.ok ? [] : names.error)];
  return compiled.ok && names.ok ? ok({ ...compiled.value, aliases }) : err(problems);
}

/** As `compilePriceBook`, with names that are resolved elsewhere. */
export function compileVersions(
  rows: readonly PriceVersion[],
  resolve: ResolveModel,
): Result<PriceBook, readonly string[]> {
  const byModel = groupByModelAndMeter(rows);
  const problems: string[] = [];
  const versions: PriceVersion[] = [];
  for (const byMeter of byModel.values()) {
    for (const [meter, group] of byMeter) {
      const counting = withoutCorrected(group);
      problems.push(...sameTwice(group), ...overlaps(counting));
      const closed = closeByNext(counting);
      byMeter.set(meter, closed);
      versions.push(...closed);
    }
  }
  if (problems.length > 0) return err(problems);
  const lookup = (model: string, meter: Meter, atMs: number): PriceVersion | null => {
    const priced = resolve(model, atMs);
    const group = priced === null ? undefined : byModel.get(priced)?.get(meter);
    const version = (group ?? []).findLast((each) => each.effectiveFrom <= atMs);
    return version === undefined || (version.effectiveTo !== null && atMs >= version.effectiveTo) ? null : version;
  };
  return ok({ lookup, resolve, versions, aliases: [] });
}

/** A book without prices: everything is unrated. What a process starts on before it has read the table. */
export function emptyPriceBook(): PriceBook {
  return { lookup: () => null, resolve: () => null, versions: [], aliases: [] };
}

function groupByModelAndMeter(rows: readonly PriceVersion[]): Map<string, VersionsByMeter> {
  const byModel = new Map<string, VersionsByMeter>();
  const sorted = [...rows].sort(
    (a, b) =>
      compare(a.model, b.model) ||
      compare(a.meter, b.meter) ||
      a.effectiveFrom - b.effectiveFrom ||
      a.revision - b.revision,
  );
  for (const row of sorted) {
    const byMeter: VersionsByMeter = byModel.get(row.model) ?? new Map<Meter, PriceVersion[]>();
    byModel.set(row.model, byMeter);
    const group = byMeter.get(row.meter);
    if (group === undefined) byMeter.set(row.meter, [row]);
    else group.push(row);
  }
  return byModel;
}

function withoutCorrected(sorted: readonly PriceVersion[]): PriceVersion[] {
  return sorted.filter((version, i) => sorted[i + 1]?.effectiveFrom !== version.effectiveFrom);
}

function closeByNext(sorted: readonly PriceVersion[]): PriceVersion[] {
  return sorted.map((version, i) => ({
    ...version,
    effectiveTo: version.effectiveTo ?? sorted[i + 1]?.effectiveFrom ?? null,
  }));
}

function sameTwice(sorted: readonly PriceVersion[]): string[] {
  return sorted.flatMap((version, i) => {
    const next = sorted[i + 1];
    const same = next?.effectiveFrom === version.effectiveFrom && next.revision === version.revision;
    return same ? [overlap(version, next)] : [];
  });
}

function overlaps(sorted: readonly PriceVersion[]): string[] {
  const problems: string[] = [];
  for (const [i, version] of sorted.entries()) {
    const next = sorted[i + 1];
    const end = version.effectiveTo;
    if (end !== null && end <= version.effectiveFrom) problems.push(`${describe(version)} ends before it starts`);
    if (next && end !== null && next.effectiveFrom < end) problems.push(overlap(version, next));
  }
  return problems;
}

function overlap(version: PriceVersion, next: PriceVersion): string {
  return `${describe(version)} overlaps ${describe(next)}: let the one end where the other begins, or leave one of them out`;
}

function describe(version: PriceVersion): string {
  const end = version.effectiveTo === null ? 'open' : new Date(version.effectiveTo).toISOString();
  return `${describeVersion(version)} to ${end} at ${formatAmount(version.price)} (${version.id})`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
