// Imports prices: adds what is new, leaves what is there, refuses a list as a whole when any of it contradicts a stored
// price or another row. A stored price never changes: a charge may refer to it. Importing the same list again does
// nothing. Rating the usage that waited for these prices is for the ledger, which sees the new revision by itself.
import { err, formatAmount, ok, type Result } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import {
  compilePriceBook,
  describeVersion,
  type ModelAlias,
  type PriceList,
  type PriceVersion,
} from '@trunkline/rating';
import { insertAliases, insertVersions, selectAliases, selectVersions } from './price-rows.js';

/** What an import did. */
export interface PriceImport {
  readonly versionsAdded: number;
  readonly versionsKept: number;
  readonly aliasesAdded: number;
}

// One importer at a time, so that the check for overlaps sees what the other one added. Any constant of our own will do.
const IMPORT_LOCK = 7_270_737_001n;

/** Imports a list in one transaction. @returns what was added, or every contradiction, each naming its rows. */
export async function importPrices(db: Database, list: PriceList): Promise<Result<PriceImport, readonly string[]>> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(${IMPORT_LOCK})::text`;
    const stored = await selectVersions(tx);
    const storedAliases = await selectAliases(tx);
    const versions = newVersions(stored, list.versions);
    const aliases = newAliases(storedAliases, list.aliases);
    const compiled = compilePriceBook([...stored, ...versions.added], [...storedAliases, ...aliases.added]);
    const problems = [...versions.problems, ...aliases.problems, ...(compiled.ok ? [] : compiled.error)];
    if (problems.length > 0) return err(problems);
    if (versions.added.length > 0) await insertVersions(tx, versions.added);
    if (aliases.added.length > 0) await insertAliases(tx, aliases.added);
    return ok({
      versionsAdded: versions.added.length,
      versionsKept: list.versions.length - versions.added.length,
      aliasesAdded: aliases.added.length,
    });
  });
}

interface Added<T> {
  readonly added: readonly T[];
  readonly problems: readonly string[];
}

function newVersions(stored: readonly PriceVersion[], wanted: readonly PriceVersion[]): Added<PriceVersion> {
  const known = new Map(stored.map((version) => [version.id, version]));
  const added: PriceVersion[] = [];
  const problems: string[] = [];
  for (const version of wanted) {
    const existing = known.get(version.id);
    if (existing === undefined) added.push(version);
    else if (!saysTheSame(existing, version)) problems.push(changedPrice(existing, version));
    known.set(version.id, existing ?? version);
  }
  return { added, problems };
}

/** Source, confidence and note may be worded anew; what is charged may not. */
function saysTheSame(a: PriceVersion, b: PriceVersion): boolean {
  return a.price === b.price && a.unit === b.unit && a.effectiveTo === b.effectiveTo;
}

function changedPrice(existing: PriceVersion, wanted: PriceVersion): string {
  const terms = (version: PriceVersion): string => {
    const end = version.effectiveTo === null ? '' : ` until ${new Date(version.effectiveTo).toISOString()}`;
    return `${formatAmount(version.price)} per ${version.unit}${end}`;
  };
  return (
    `${describeVersion(existing)} is ${terms(existing)} (${existing.id}) and cannot become ${terms(wanted)}: ` +
    'a price never changes once stored. Import the new price with a later effectiveFrom.'
  );
}

function newAliases(stored: readonly ModelAlias[], wanted: readonly ModelAlias[]): Added<ModelAlias> {
  const keyOf = (alias: ModelAlias): string => JSON.stringify([alias.alias, alias.effectiveFrom]);
  const known = new Map(stored.map((alias) => [keyOf(alias), alias]));
  const added: ModelAlias[] = [];
  const problems: string[] = [];
  for (const alias of wanted) {
    const existing = known.get(keyOf(alias));
    if (existing === undefined) added.push(alias);
    else if (existing.model !== alias.model)
      problems.push(
        `alias ${alias.alias} points to ${existing.model} from ${new Date(alias.effectiveFrom).toISOString()} and cannot ` +
          `point to ${alias.model} from the same instant. Give the new target a later date.`,
      );
    known.set(keyOf(alias), existing ?? alias);
  }
  return { added, problems };
}
