// The content of a price change as JSON, for files that people write and for the record: price rows or sheets, aliases,
// markups and uplifts, amounts as decimals in quotes. Reading what was written gives the same content.
import { err, formatAmount, ok, parseId, unstorableAt, type Result } from '@trunkline/kernel';
import { z } from 'zod';
import { instantText, parsePriceRows, parsePriceSheets } from './price-row.js';
import { MARKUP_BPS_MAX, MARKUP_BPS_MIN, UPLIFT_BPS_MAX, type UpliftScope } from './price-plan.js';
import type { PriceCatalogue } from './price-books.js';
import type { PriceVersion } from './price-version.js';

const tenantId = z.string().transform((text, context) => {
  const id = parseId('tnt', text);
  if (id !== null) return id;
  context.addIssue(`"${text}" is no tenant id; they look like tnt_01...`);
  return z.NEVER;
});

const scope = z.string().transform((text, context): UpliftScope => {
  const [kind, id = ''] = text.split(':');
  const pool = kind === 'pool' ? parseId('pool', id) : null;
  if (pool !== null) return `pool:${pool}`;
  const tenant = kind === 'tenant' ? parseId('tnt', id) : null;
  if (tenant !== null) return `tenant:${tenant}`;
  context.addIssue(`"${text}" is no pool and no tenant; write pool:pool_... or tenant:tnt_...`);
  return z.NEVER;
});

function bps(min: number, max: number) {
  const message = `must be a whole number of basis points from ${min} to ${max} (1500 is 15 %)`;
  return z.int(message).min(min, message).max(max, message);
}

const contentSchema = z.strictObject({
  sheets: z.array(z.unknown()).default([]),
  versions: z.array(z.unknown()).default([]),
  aliases: z
    .array(
      z.strictObject({
        alias: z.string().min(1).max(200),
        model: z.string().min(1).max(200),
        effectiveFrom: instantText,
        source: z.string().min(1).max(1000),
      }),
    )
    .default([]),
  plans: z
    .array(z.strictObject({ tenantId, effectiveFrom: instantText, markupBps: bps(MARKUP_BPS_MIN, MARKUP_BPS_MAX) }))
    .default([]),
  uplifts: z
    .array(
      z.strictObject({
        scope,
        name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be a short name such as data-residency'),
        effectiveFrom: instantText,
        upliftBps: bps(0, UPLIFT_BPS_MAX),
        models: z.array(z.string().min(1).max(200)).max(100).default([]),
      }),
    )
    .default([]),
});

/**
 * Reads `{sheets, versions, aliases, plans, uplifts}` (each may be left out), or a plain list of price sheets or of versions.
 * @returns the content, or every problem, each naming its row.
 */
export function parsePriceContent(raw: unknown): Result<PriceCatalogue, readonly string[]> {
  const unstorable = unstorableAt(raw);
  if (unstorable !== null)
    return err([`${unstorable} holds a character that cannot be kept (NUL, or half a surrogate pair): leave it out`]);
  const parsed = contentSchema.safeParse(Array.isArray(raw) ? listOf(raw) : raw);
  if (!parsed.success) return err(parsed.error.issues.map(whatIsWrong));
  const { sheets, versions, aliases, plans, uplifts } = parsed.data;
  const rows = parsePriceRows(versions);
  const lists = parsePriceSheets(sheets);
  if (!rows.ok || !lists.ok) return err([...(rows.ok ? [] : rows.error), ...(lists.ok ? [] : lists.error)]);
  return ok({
    versions: [...lists.value.versions, ...rows.value],
    aliases: [...lists.value.aliases, ...aliases],
    plans: plans.map((plan) => ({ ...plan, revision: 0 })),
    uplifts: uplifts.map((uplift) => ({ ...uplift, revision: 0 })),
  });
}

const WHAT_IT_IS =
  'it must be {"versions": [...]}, or sheets, aliases, plans or uplifts, or a list of sheets or versions';

// Rows are counted from 1, as those of versions and sheets are.
function whatIsWrong({ path, message }: z.core.$ZodIssue): string {
  const [part, index, ...field] = path;
  if (part === undefined) return `${WHAT_IT_IS} (docs/prices.md): ${message}`;
  const row = typeof index === 'number' ? [`row ${index + 1}:`] : [];
  return [String(part), ...row, ...field.map(String), message].join(' ');
}

// A version names its one meter, a sheet has many.
function listOf(rows: readonly unknown[]): object {
  const isVersion = (row: unknown): boolean => typeof row === 'object' && row !== null && 'meter' in row;
  return rows.some(isVersion) ? { versions: rows } : { sheets: rows };
}

/** Writes content as JSON that `parsePriceContent` reads; revisions are for the approval to give. */
export function priceContent({ versions, aliases, plans, uplifts }: PriceCatalogue): Record<string, unknown> {
  return {
    versions: versions.map(versionRow),
    aliases: aliases.map((alias) => ({ ...alias, effectiveFrom: iso(alias.effectiveFrom) })),
    plans: plans.map(({ tenantId: tenant, effectiveFrom, markupBps }) => ({
      tenantId: tenant,
      effectiveFrom: iso(effectiveFrom),
      markupBps,
    })),
    uplifts: uplifts.map(({ revision: _revision, ...uplift }) => ({
      ...uplift,
      effectiveFrom: iso(uplift.effectiveFrom),
    })),
  };
}

function versionRow(version: PriceVersion): Record<string, unknown> {
  const { provider, book, model, meter, unit, currency, serviceTier, source, confidence, note } = version;
  return {
    ...{ provider, book, model, meter, unit, currency, serviceTier, source, confidence, note },
    price: formatAmount(version.price),
    effectiveFrom: iso(version.effectiveFrom),
    effectiveTo: version.effectiveTo === null ? null : iso(version.effectiveTo),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
