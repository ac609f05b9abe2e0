// A change of prices: what somebody wrote down, checked against what is in force. Pure: which rows it would add, or why it
// cannot be. Who wrote and who approved it, and storing it once, is for the adapter.
import { err, formatAmount, ok, type Result } from '@trunkline/kernel';
import { compilePriceBooks, type PriceBooks, type PriceCatalogue } from './price-books.js';
import { formatBps, type PricePlan, type PriceUplift } from './price-plan.js';
import { describeVersion, pricedPer, priceVersionId, type ModelAlias, type PriceVersion } from './price-version.js';

/** What a change may do. */
export interface ChangeRules {
  /** Rows may take effect before `nowMs`. */
  readonly mayStartInPast: boolean;
  /** A row may take the place of a stored one with the same start, as its next revision. */
  readonly mayCorrect: boolean;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** What a change comes to. */
export interface AppliedChange {
  /** What is not stored yet, with its revisions. */
  readonly added: PriceCatalogue;
  /** Rows that are stored already and say the same. */
  readonly kept: number;
  /** Everything with it. */
  readonly books: PriceBooks;
}

/** A change that adds nothing. */
export const NO_PRICES: PriceCatalogue = { versions: [], aliases: [], plans: [], uplifts: [] };

/**
 * Applies a change to what is stored. A row that is there already is kept; one that says something else for the same
 * start is a correction, or refused. @returns what it adds, or every contradiction, each naming its rows.
 */
export function applyChange(
  stored: PriceCatalogue,
  wanted: PriceCatalogue,
  rules: ChangeRules,
): Result<AppliedChange, readonly string[]> {
  const versions = additions(stored.versions, wanted.versions, rules, VERSIONS);
  const plans = additions(stored.plans, wanted.plans, rules, PLANS);
  const uplifts = additions(stored.uplifts, wanted.uplifts, rules, UPLIFTS);
  const aliases = newAliases(stored.aliases, wanted.aliases, rules);
  const added: PriceCatalogue = {
    versions: versions.added.map((version) => ({ ...version, id: priceVersionId(version) })),
    aliases: aliases.added,
    plans: plans.added,
    uplifts: uplifts.added,
  };
  const compiled = compilePriceBooks(joined(stored, added));
  const problems = [versions, plans, uplifts, aliases].flatMap((each) => each.problems);
  if (!compiled.ok) return err([...problems, ...compiled.error]);
  if (problems.length > 0) return err(problems);
  return ok({ added, kept: countOf(wanted) - countOf(added), books: compiled.value });
}

/** All rows of both. */
export function joined(a: PriceCatalogue, b: PriceCatalogue): PriceCatalogue {
  return {
    versions: [...a.versions, ...b.versions],
    aliases: [...a.aliases, ...b.aliases],
    plans: [...a.plans, ...b.plans],
    uplifts: [...a.uplifts, ...b.uplifts],
  };
}

/** How many rows there are. */
export function countOf({ versions, aliases, plans, uplifts }: PriceCatalogue): number {
  return versions.length + aliases.length + plans.length + uplifts.length;
}

interface Dated {
  readonly effectiveFrom: number;
  readonly revision: number;
}

/** How rows of one kind are told apart: `nameOf` without start and revision, `termsOf` what is charged. */
interface KindOfRow<T extends Dated> {
  readonly nameOf: (row: T) => string;
  readonly termsOf: (row: T) => string;
}

const VERSIONS: KindOfRow<PriceVersion> = {
  nameOf: (row) => describeVersion({ ...row, revision: 0 }).replace(/ from \S+$/, ''),
  termsOf: (row) => {
    const end = row.effectiveTo === null ? '' : ` until ${new Date(row.effectiveTo).toISOString()}`;
    return `${formatAmount(row.price)} per ${pricedPer(row.unit)}${end}`;
  },
};
const PLANS: KindOfRow<PricePlan> = {
  nameOf: (row) => `markup for tenant:${row.tenantId}`,
  termsOf: (row) => formatBps(row.markupBps),
};
const UPLIFTS: KindOfRow<PriceUplift> = {
  nameOf: (row) => `uplift ${row.name} for ${row.scope}`,
  termsOf: (row) => `${formatBps(row.upliftBps)}${row.models.length === 0 ? '' : ` on ${row.models.join(', ')}`}`,
};

interface Additions<T> {
  readonly added: readonly T[];
  readonly problems: readonly string[];
}

function additions<T extends Dated>(
  stored: readonly T[],
  wanted: readonly T[],
  rules: ChangeRules,
  kind: KindOfRow<T>,
): Additions<T> {
  const named = (row: T): string => `${kind.nameOf(row)} from ${new Date(row.effectiveFrom).toISOString()}`;
  const known = new Map<string, T[]>();
  for (const row of [...stored].sort((a, b) => a.revision - b.revision))
    known.set(named(row), [...(known.get(named(row)) ?? []), row]);
  const added: T[] = [];
  const mine = new Map<string, T>();
  const problems: string[] = [];
  for (const row of wanted) {
    const name = named(row);
    const revisions = known.get(name) ?? [];
    const last = revisions.at(-1);
    const same = (other: T): boolean => kind.termsOf(other) === kind.termsOf(row);
    const twin = mine.get(name);
    if (twin !== undefined && !same(twin))
      problems.push(`${name} is both ${kind.termsOf(twin)} and ${kind.termsOf(row)}: leave one of them out`);
    if (twin !== undefined) continue;
    mine.set(name, row);
    // A list that is imported again knows nothing of corrections: it is harmless when any revision says the same.
    const isThere = rules.mayCorrect ? last !== undefined && same(last) : revisions.some(same);
    if (isThere) continue;
    if (isOutOfTime(row.effectiveFrom)) problems.push(outOfTime(name));
    else if (last !== undefined && !rules.mayCorrect)
      problems.push(refusal(name, kind.termsOf(last), kind.termsOf(row)));
    else if (row.effectiveFrom < rules.nowMs && !rules.mayStartInPast) problems.push(inPast(name));
    else added.push({ ...row, revision: last === undefined ? 0 : last.revision + 1 });
  }
  return { added, problems };
}

function refusal(name: string, existing: string, wanted: string): string {
  return (
    `${name} is ${existing} and cannot become ${wanted}: what is stored never changes. Give the new one a later ` +
    'effectiveFrom, or draft it as a correction (`price draft --correction`).'
  );
}

// A slip of the finger, some of which no database can keep. 1970 stands for "since ever".
const FIRST_MS = 0;
const LAST_MS = Date.UTC(3000, 0);

function isOutOfTime(ms: number): boolean {
  return ms < FIRST_MS || ms >= LAST_MS;
}

function outOfTime(name: string): string {
  return `${name} cannot be meant: write a date from 1970-01-01 to 2999-12-31`;
}

function inPast(name: string): string {
  return `${name} would take effect in the past: give it a later date, or draft it as a correction (\`--correction\`).`;
}

function newAliases(
  stored: readonly ModelAlias[],
  wanted: readonly ModelAlias[],
  rules: ChangeRules,
): Additions<ModelAlias> {
  const keyOf = (alias: ModelAlias): string => JSON.stringify([alias.alias, alias.effectiveFrom]);
  const known = new Map(stored.map((alias) => [keyOf(alias), alias]));
  const added: ModelAlias[] = [];
  const problems: string[] = [];
  for (const alias of wanted) {
    const existing = known.get(keyOf(alias));
    const isPast = alias.effectiveFrom < rules.nowMs && !rules.mayStartInPast;
    const name = `alias ${alias.alias} from ${new Date(alias.effectiveFrom).toISOString()}`;
    if (isOutOfTime(alias.effectiveFrom)) problems.push(outOfTime(name));
    else if (existing === undefined && isPast) problems.push(inPast(name));
    else if (existing === undefined) added.push(alias);
    else if (existing.model !== alias.model)
      problems.push(
        `alias ${alias.alias} points to ${existing.model} from ${new Date(alias.effectiveFrom).toISOString()} and cannot ` +
          `point to ${alias.model} from the same instant. Give the new target a later date.`,
      );
    known.set(keyOf(alias), existing ?? alias);
  }
  return { added, problems };
}
