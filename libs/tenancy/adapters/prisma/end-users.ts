// End users of a tenant's who may open no session for a while. We know them by a keyed hash only.
import type { TenantId } from '@trunkline/kernel';
import type { TenancyContext } from './context.js';

/** An end user who is refused. */
export interface EndUserRefusal {
  readonly endUser: string;
  readonly untilMs: number;
  readonly reason: string;
}

/** Refuses an end user; one who is refused already, until the later of both. Live sessions end within two seconds. */
export async function refuseEndUser(
  { db }: Pick<TenancyContext, 'db'>,
  tenantId: TenantId,
  { endUser, untilMs, reason }: EndUserRefusal,
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO refused_end_user AS old (tenant_id, end_user, until, reason)
    VALUES (${tenantId}, ${endUser}, ${new Date(untilMs)}, ${reason})
    ON CONFLICT (tenant_id, end_user) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason
    WHERE old.until < EXCLUDED.until`;
}

/** Lets an end user in again. @returns false when nobody refused them. */
export async function allowEndUser(
  { db }: Pick<TenancyContext, 'db'>,
  tenantId: TenantId,
  endUser: string,
): Promise<boolean> {
  return (await db.refusedEndUser.deleteMany({ where: { tenantId, endUser } })).count > 0;
}

/** Who is refused, or was until it ran out. */
export async function refusedEndUsersOf(
  { db }: Pick<TenancyContext, 'db'>,
  tenantId: TenantId,
): Promise<readonly EndUserRefusal[]> {
  const rows = await db.refusedEndUser.findMany({
    where: { tenantId },
    orderBy: [{ madeAt: 'asc' }, { endUser: 'asc' }],
  });
  return rows.map(({ endUser, until, reason }) => ({ endUser, untilMs: until.getTime(), reason }));
}
