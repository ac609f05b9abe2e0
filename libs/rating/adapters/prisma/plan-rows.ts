// Markups and uplifts as SQL. Rows only ever get added.
import { parseId } from '@trunkline/kernel';
import { instantText, numberText, tenantIdText, type Queryable } from '@trunkline/platform/database';
import type { PricePlan, PriceUplift, UpliftScope } from '@trunkline/rating';
import { z } from 'zod';

const planRow = z.object({
  tenantId: tenantIdText,
  effectiveFrom: numberText,
  revision: z.number(),
  markupBps: z.number(),
});

/** `pool:<id>` or `tenant:<id>`. */
export const scopeText = z.string().transform((text, context): UpliftScope => {
  const pool = text.startsWith('pool:') ? parseId('pool', text.slice('pool:'.length)) : null;
  if (pool !== null) return `pool:${pool}`;
  const tenant = text.startsWith('tenant:') ? parseId('tnt', text.slice('tenant:'.length)) : null;
  if (tenant !== null) return `tenant:${tenant}`;
  context.addIssue(`"${text}" is no pool and no tenant; write pool:pool_... or tenant:tnt_...`);
  return z.NEVER;
});

const upliftRow = z.object({
  scope: scopeText,
  name: z.string(),
  effectiveFrom: numberText,
  revision: z.number(),
  upliftBps: z.number(),
  models: z.array(z.string()),
});

/** All markups. */
export async function selectPlans(db: Queryable): Promise<PricePlan[]> {
  const rows = await db.$queryRaw`
    SELECT tenant_id AS "tenantId", (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom",
           revision, markup_bps AS "markupBps"
      FROM price_plan`;
  return z.array(planRow).parse(rows);
}

/** All uplifts. */
export async function selectUplifts(db: Queryable): Promise<PriceUplift[]> {
  const rows = await db.$queryRaw`
    SELECT scope, name, (extract(epoch FROM effective_from) * 1000)::bigint::text AS "effectiveFrom", revision,
           uplift_bps AS "upliftBps", models
      FROM price_uplift`;
  return z.array(upliftRow).parse(rows);
}

/** Adds markups of an approved change. */
export async function insertPlans(db: Queryable, plans: readonly PricePlan[], changeId: string): Promise<void> {
  if (plans.length === 0) return;
  const rows = plans.map((plan) => ({ ...plan, effectiveFrom: instantText(plan.effectiveFrom) }));
  await db.$executeRaw`
    INSERT INTO price_plan (tenant_id, effective_from, revision, markup_bps, change_id)
    SELECT "tenantId", "effectiveFrom", revision, "markupBps", ${changeId}
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
           AS r("tenantId" text, "effectiveFrom" timestamptz, revision int, "markupBps" int)`;
}

/** Adds uplifts of an approved change. */
export async function insertUplifts(db: Queryable, uplifts: readonly PriceUplift[], changeId: string): Promise<void> {
  if (uplifts.length === 0) return;
  const rows = uplifts.map((uplift) => ({ ...uplift, effectiveFrom: instantText(uplift.effectiveFrom) }));
  await db.$executeRaw`
    INSERT INTO price_uplift (scope, name, effective_from, revision, uplift_bps, models, change_id)
    SELECT scope, name, "effectiveFrom", revision, "upliftBps", models, ${changeId}
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
           AS r(scope text, name text, "effectiveFrom" timestamptz, revision int, "upliftBps" int, models text[])`;
}
