// The price tables as SQL. Rows only ever get added; amounts travel as text, so that no number type touches them.
import { formatAmount, parseAmount, trustedId, type AmountPico } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { isMeter } from '@trunkline/metering';
import type { ModelAlias, PriceVersion } from '@trunkline/rating';
import { z } from 'zod';

/** A connection or a transaction on one. */
export type Queryable = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

const amount = z.string().transform((text, context): AmountPico => {
  const parsed = parseAmount(text);
  if (parsed !== null) return parsed;
  context.addIssue(`"${text}" is not an amount`);
  return z.NEVER;
});

const versionRow = z
  .object({
    id: z.string().transform((text) => trustedId('pv', text)),
    provider: z.literal('openai'),
    model: z.string(),
    meter: z.string(),
    unit: z.enum(['tokens', 'seconds', 'minutes']),
    price: amount,
    per: z.string().transform(BigInt),
    effectiveFrom: z.string().transform(Number),
    effectiveTo: z.string().transform(Number).nullable(),
    currency: z.literal('USD'),
    serviceTier: z.literal('default'),
    source: z.string(),
    confidence: z.enum(['high', 'medium', 'low']),
    note: z.string().nullable(),
  })
  // A newer release may have stored prices of a meter that this one does not know; it can rate nothing by them.
  .transform(({ meter, ...row }): PriceVersion[] => (isMeter(meter) ? [{ ...row, meter }] : []));

const aliasRow = z.object({
  alias: z.string(),
  model: z.string(),
  effectiveFrom: z.string().transform(Number),
  source: z.string(),
});

/** All stored versions that this release can use, unordered, ends as stored (open where none was given). */
export async function selectVersions(db: Queryable): Promise<PriceVersion[]> {
  const rows = await db.$queryRaw`
    SELECT id, provider, model, meter, unit, price::text, per::text,
           (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom",
           (extract(epoch FROM effective_to) * 1000)::bigint::text AS "effectiveTo",
           currency, service_tier AS "serviceTier", source, confidence, note
      FROM price_version`;
  return z.array(versionRow).parse(rows).flat();
}

/** All stored aliases. */
export async function selectAliases(db: Queryable): Promise<ModelAlias[]> {
  const rows = await db.$queryRaw`
    SELECT alias, model, (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom", source
      FROM price_alias`;
  return z.array(aliasRow).parse(rows);
}

/** Adds versions; the caller has checked that none is there yet. */
export async function insertVersions(db: Queryable, versions: readonly PriceVersion[]): Promise<void> {
  const column = <T>(read: (version: PriceVersion) => T): T[] => versions.map(read);
  await db.$executeRaw`
    INSERT INTO price_version (id, provider, model, meter, unit, price, per, effective_from, effective_to,
                               currency, service_tier, source, confidence, note)
    SELECT id, provider, model, meter, unit, price::numeric, per::bigint, starts::timestamptz, ends::timestamptz,
           currency, tier, source, confidence, note
      FROM unnest(${column((v) => v.id)}::text[], ${column((v) => v.provider)}::text[], ${column((v) => v.model)}::text[],
                  ${column((v) => v.meter)}::text[], ${column((v) => v.unit)}::text[],
                  ${column((v) => formatAmount(v.price))}::text[], ${column((v) => v.per.toString())}::text[],
                  ${column((v) => iso(v.effectiveFrom))}::text[],
                  ${column((v) => (v.effectiveTo === null ? null : iso(v.effectiveTo)))}::text[],
                  ${column((v) => v.currency)}::text[], ${column((v) => v.serviceTier)}::text[],
                  ${column((v) => v.source)}::text[], ${column((v) => v.confidence)}::text[],
                  ${column((v) => v.note)}::text[])
           AS row(id, provider, model, meter, unit, price, per, starts, ends, currency, tier, source, confidence, note)`;
}

/** Adds aliases; the caller has checked that none is there yet. */
export async function insertAliases(db: Queryable, aliases: readonly ModelAlias[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO price_alias (alias, model, effective_from, source)
    SELECT alias, model, starts::timestamptz, source
      FROM unnest(${aliases.map((a) => a.alias)}::text[], ${aliases.map((a) => a.model)}::text[],
                  ${aliases.map((a) => iso(a.effectiveFrom))}::text[], ${aliases.map((a) => a.source)}::text[])
           AS row(alias, model, starts, source)`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
