// Reads names, cost centres and the standing of a month beside its rows. Of a closed month they are what the close kept (a
// trigger, in its database transaction): that is what every export of the month says from then on.
import { parseId, trustedId, type TenantId } from '@trunkline/kernel';
import { calendarOf, type Period } from '@trunkline/ledger';
import type { Database, Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';
import { TenantDirectory, type Company, type Directory, type PeriodStanding, type TenantEntry } from '../../index.js';

/** Which tenants in which month, seen from which snapshot. */
export interface DirectoryQuery {
  readonly snapshot: Snapshot;
  readonly period: Period;
  readonly tenants: readonly TenantId[];
}

/**
 * Reads it. Whether a month is closed is read in the snapshot of the rows: read later, a month could be called closed
 * whose last booking is not among them. Tenants that are gone keep their id as name.
 */
export async function loadDirectory(db: Database, query: DirectoryQuery): Promise<Directory> {
  const { period, tenants } = query;
  const company = await loadCompanyOf(db, period);
  const standings = await loadStandings(query);
  const entries = new Map<TenantId, TenantEntry>();
  for (const tenantId of tenants) {
    const standing = standings.get(tenantId) ?? { status: 'open', closeId: null, changedAtMs: null };
    const kept = standing.status === 'closed' ? await frozen(db, tenantId, period) : null;
    const texts = kept ?? (await current(db, tenantId));
    entries.set(tenantId, entryOf(tenantId, texts, standing));
  }
  return { company, period, ...calendarOf(company.timeZone).boundsOf(period), tenants: entries };
}

/** The company whose books these are, as it is now. */
export async function loadCompany(db: Database): Promise<Company> {
  const { name, billingAccountId, timeZone } = await db.company.findUniqueOrThrow({ where: { id: 1 } });
  return { name, billingAccountId, timeZone };
}

/** The company as the papers of a month name it: as it is, until the first tenant's month closes; from then on as it was then. */
export async function loadCompanyOf(db: Database, period: Period): Promise<Company> {
  const kept = await db.periodCompany.findUnique({ where: { period } });
  if (kept === null) return loadCompany(db);
  const { name, billingAccountId, timeZone } = kept;
  return { name, billingAccountId, timeZone };
}

const standingRow = z.object({
  id: z.string(),
  status: z.enum(['open', 'soft_closed', 'closed']),
  close_id: z.string().nullable(),
  changed_at_ms: z
    .string()
    .nullable()
    .transform((text) => (text === null ? null : Number(text))),
});

async function loadStandings({ snapshot, period, tenants }: DirectoryQuery): Promise<Map<TenantId, PeriodStanding>> {
  const rows = await snapshot.query(
    `SELECT tenant_id AS id, status, CASE WHEN status = 'closed' THEN chain_head END AS close_id,
            (extract(epoch FROM coalesce(closed_at, soft_closed_at)) * 1000)::bigint::text AS changed_at_ms
       FROM accounting_period WHERE period = $1 AND tenant_id = ANY($2)
      UNION ALL
     SELECT id, 'closed', NULL, NULL FROM unnest($2::text[]) AS t(id)
      WHERE NOT EXISTS (SELECT FROM accounting_period p WHERE p.tenant_id = t.id AND p.period = $1)
        AND is_month_passed(id, $1)`,
    [period, tenants],
  );
  return new Map(
    z
      .array(standingRow)
      .parse(rows)
      .map(({ id, status, close_id: closeId, changed_at_ms: changedAtMs }) => [
        trustedId('tnt', id),
        { status, closeId, changedAtMs },
      ]),
  );
}

// A month that closes passed over has nothing of its own: it is called as the first close after it did. Null where there is
// none, of a tenant that came after the month and has not closed any: there is nothing to say of it but that.
async function frozen(db: Database, tenantId: TenantId, period: Period): Promise<TenantDirectory | null> {
  const where = { tenantId, period: { gte: period } };
  const kept = await db.periodDirectory.findFirst({ where, orderBy: { period: 'asc' } });
  return kept === null ? null : TenantDirectory.parse(kept.directory);
}

async function current(db: Database, tenantId: TenantId): Promise<TenantDirectory> {
  const tenant = await db.tenant.findUnique({ where: { id: tenantId } });
  const keys = await db.apiKey.findMany({ where: { tenantId }, orderBy: { id: 'asc' } });
  const assignments = await db.costCentreAssignment.findMany({
    where: { tenantId },
    orderBy: [{ effectiveFrom: 'asc' }, { id: 'asc' }],
    include: { costCentre: true },
  });
  const centres = new Map(
    assignments.flatMap(({ costCentre }) => (costCentre === null ? [] : [[costCentre.code, costCentre]])),
  );
  return {
    slug: tenant?.slug ?? tenantId,
    name: tenant?.name ?? tenantId,
    keys: Object.fromEntries(keys.map(({ id, name }) => [id, name])),
    costCentres: [...centres.values()].map(({ code, name, owner, glAccount }) => ({ code, name, owner, glAccount })),
    assignments: assignments.map(({ keyId, code, effectiveFrom }) => ({
      keyId,
      code,
      effectiveFrom: effectiveFrom.toISOString().slice(0, 10),
    })),
  };
}

function entryOf(tenantId: TenantId, texts: TenantDirectory, standing: PeriodStanding): TenantEntry {
  const keyIdOf = (text: string | null) => (text === null ? null : parseId('key', text));
  return {
    slug: texts.slug,
    name: texts.name,
    standing,
    keys: new Map(Object.entries(texts.keys).map(([id, name]) => [trustedId('key', id), name])),
    costCentres: new Map(texts.costCentres.map((centre) => [centre.code, centre])),
    assignments: texts.assignments.map(({ keyId, ...rest }) => ({ ...rest, tenantId, keyId: keyIdOf(keyId) })),
  };
}
