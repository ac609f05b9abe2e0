// Price versions and aliases as SQL. Rows only ever get added; amounts travel as text, so that no number type touches
// them.
import { formatAmount, parseId, vendorNamed } from '@trunkline/kernel';
import { isMeter } from '@trunkline/metering';
import { amountText, instantText, numberText, priceVersionIdText, type Queryable } from '@trunkline/platform/database';
import { PRICE_UNITS, type ModelAlias, type PriceBookName, type PriceVersion } from '@trunkline/rating';
import { z } from 'zod';

// `vendor`, or `tenant:<id>`.
const bookText = z.string().transform((text, context): PriceBookName => {
  if (text === 'vendor') return text;
  const id = parseId('tnt', text.slice('tenant:'.length));
  if (text.startsWith('tenant:') && id !== null) return `tenant:${id}`;
  context.addIssue(`"${text}" is not a price book`);
  return z.NEVER;
});

const versionRow = z
  .object({
    id: priceVersionIdText,
    provider: z.string(),
    book: bookText,
    model: z.string(),
    meter: z.string(),
    unit: z.string(),
    price: amountText,
    per: z.string().transform(BigInt),
    effectiveFrom: numberText,
    effectiveTo: numberText.nullable(),
    currency: z.literal('USD'),
    serviceTier: z.string(),
    revision: z.number(),
    source: z.string(),
    confidence: z.enum(['high', 'medium', 'low']),
    note: z.string().nullable(),
  })
  // A newer release may have stored prices of a meter, a unit or a provider that this one does not know; it can rate nothing
  // by them.
  .transform(({ meter, unit: unitName, provider: providerName, ...row }): PriceVersion[] => {
    const unit = PRICE_UNITS.find((known) => known === unitName);
    const provider = vendorNamed(providerName);
    if (!isMeter(meter) || unit === undefined || provider === null) return [];
    return [{ ...row, meter, unit, provider, derivedFrom: null }];
  });

const aliasRow = z.object({ alias: z.string(), model: z.string(), effectiveFrom: numberText, source: z.string() });

/** All versions that somebody approved and this release can use, unordered, ends as stored (open where none was given). */
export async function selectVersions(db: Queryable): Promise<PriceVersion[]> {
  const rows = await db.$queryRaw`
    SELECT id, provider, book, model, meter, unit, price::text, per::text,
           (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom",
           (extract(epoch FROM effective_to) * 1000)::bigint::text AS "effectiveTo",
           currency, service_tier AS "serviceTier", revision, source, confidence, note
      FROM price_version
     WHERE derived_from IS NULL`;
  return z.array(versionRow).parse(rows).flat();
}

/** All stored aliases. */
export async function selectAliases(db: Queryable): Promise<ModelAlias[]> {
  const rows = await db.$queryRaw`
    SELECT alias, model, (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom", source
      FROM price_alias`;
  return z.array(aliasRow).parse(rows);
}

/** Adds versions of an approved change; the caller has checked that none is there yet. */
export async function insertVersions(
  db: Queryable,
  versions: readonly PriceVersion[],
  changeId: string,
): Promise<void> {
  if (versions.length > 0) await insertRows(db, versions, changeId);
}

/**
 * Stores prices that a markup or an uplift made, those that are not there yet. In the order of ids: two posters that make
 * the same ones then wait for each other in one direction only.
 */
export async function storeDerivedPrices(db: Queryable, versions: readonly PriceVersion[]): Promise<void> {
  const byId = new Map(versions.map((version) => [version.id, version]));
  if (byId.size === 0) return;
  await insertRows(
    db,
    [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    null,
  );
}

async function insertRows(db: Queryable, versions: readonly PriceVersion[], changeId: string | null): Promise<void> {
  const rows = versions.map((version) => ({
    ...version,
    price: formatAmount(version.price),
    per: version.per.toString(),
    effectiveFrom: instantText(version.effectiveFrom),
    effectiveTo: version.effectiveTo === null ? null : instantText(version.effectiveTo),
  }));
  await db.$executeRaw`
    INSERT INTO price_version (id, provider, book, model, meter, unit, price, per, effective_from, effective_to, currency,
                               service_tier, revision, source, confidence, note, derived_from, change_id)
    SELECT id, provider, book, model, meter, unit, price, per, "effectiveFrom", "effectiveTo", currency, "serviceTier",
           revision, source, confidence, note, "derivedFrom", ${changeId}::text
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
           AS r(id text, provider text, book text, model text, meter text, unit text, price numeric, per bigint,
                "effectiveFrom" timestamptz, "effectiveTo" timestamptz, currency text, "serviceTier" text, revision int,
                source text, confidence text, note text, "derivedFrom" text)
        ON CONFLICT (id) DO NOTHING`;
}

/** Adds aliases of an approved change; the caller has checked that none is there yet. */
export async function insertAliases(db: Queryable, aliases: readonly ModelAlias[], changeId: string): Promise<void> {
  if (aliases.length === 0) return;
  const rows = aliases.map((alias) => ({ ...alias, effectiveFrom: instantText(alias.effectiveFrom) }));
  await db.$executeRaw`
    INSERT INTO price_alias (alias, model, effective_from, source, change_id)
    SELECT alias, model, "effectiveFrom", source, ${changeId}
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
           AS r(alias text, model text, "effectiveFrom" timestamptz, source text)`;
}
