// What things are called and where they belong, beside the numbers: tenants, keys, cost centres, the company, and whether
// the month is closed. It is frozen at the close, so that renaming changes no file of a closed month.
import type { ApiKeyId, TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import { z } from 'zod';
import { costCentreOf, type CostCentre, type CostCentreAssignment } from './cost-centre.js';

/** The company whose books these are. */
export interface Company {
  readonly name: string;
  /** Of the account that pays the vendor. */
  readonly billingAccountId: string;
  /** IANA name; months and days begin in it. */
  readonly timeZone: string;
}

/** How far a tenant's month is. `closeId` names the close that a final file rests on; null while it is open. */
export interface PeriodStanding {
  readonly status: 'open' | 'soft_closed' | 'closed';
  readonly closeId: string | null;
  /** When it took this status, Unix milliseconds; null while open. */
  readonly changedAtMs: number | null;
}

/** Of one tenant and month. */
export const TenantDirectory = z.object({
  slug: z.string(),
  name: z.string(),
  keys: z.record(z.string(), z.string()),
  costCentres: z.array(z.object({ code: z.string(), name: z.string(), owner: z.string(), glAccount: z.string() })),
  assignments: z.array(
    z.object({ keyId: z.string().nullable(), code: z.string().nullable(), effectiveFrom: z.string() }),
  ),
});
export type TenantDirectory = z.infer<typeof TenantDirectory>;

/** Of everything that is exported together. */
export interface Directory {
  readonly company: Company;
  readonly period: Period;
  /** First instant of the month and of the next one, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly tenants: ReadonlyMap<TenantId, TenantEntry>;
}

/** One tenant in it. */
export interface TenantEntry {
  readonly slug: string;
  readonly name: string;
  readonly standing: PeriodStanding;
  readonly keys: ReadonlyMap<ApiKeyId, string>;
  readonly costCentres: ReadonlyMap<string, CostCentre>;
  readonly assignments: readonly CostCentreAssignment[];
}

/** Whether some tenant's month is not closed, or nobody has booked yet: then everything made of it says PRELIMINARY. */
export function isPreliminary({ tenants }: Directory): boolean {
  return tenants.size === 0 || [...tenants.values()].some(({ standing }) => standing.status !== 'closed');
}

/** The entry of a tenant. @throws Error for one that is not in the directory: rows and directory were read apart. */
export function entryOf({ tenants }: Directory, tenantId: TenantId): TenantEntry {
  const entry = tenants.get(tenantId);
  if (!entry) throw new Error(`tenant ${tenantId} is not in the directory of this export`);
  return entry;
}

/** Where a row belongs; null: to no cost centre. */
export function costCentreOfRow(
  directory: Directory,
  row: { readonly tenantId: TenantId; readonly keyId?: ApiKeyId | null; readonly day: string },
): CostCentre | null {
  const { assignments, costCentres } = entryOf(directory, row.tenantId);
  const code = costCentreOf(assignments, { tenantId: row.tenantId, keyId: row.keyId ?? null, day: row.day });
  return code === null ? null : (costCentres.get(code) ?? null);
}
