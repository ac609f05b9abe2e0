// Services on tenants: plain functions, shared by the command line and the HTTP API.
import { err, mintId, ok, parseId, type TenantId } from '@trunkline/kernel';
import { isUniqueViolation } from '@trunkline/platform/database';
import {
  checkInput,
  CreateTenantInput,
  holderProblems,
  refusalOf,
  UpdateTenantInput,
  type Administered,
  type CreateTenantRequest,
  type TenantRecord,
  type UpdateTenantRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, lockTenant, type Tx } from './locks.js';
import { tenantArchived, tenantNotFound } from './not-found.js';
import { tenantFloors } from './share-claims.js';
import { limitColumnsOf, tenantOf } from './tenancy-rows.js';

/** Makes an active tenant. `slug_taken` when another has the slug. */
export async function createTenant(context: TenancyContext, request: CreateTenantRequest): Administered<TenantRecord> {
  const input = checkInput(CreateTenantInput, request);
  if (!input.ok) return input;
  const id = mintId('tnt', context.clock.nowMs(), context.randomBytes);
  try {
    const data = { id, status: 'active', ...input.value };
    return await changing(context.db, async (tx) => ok(tenantOf(await tx.tenant.create({ data }))));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const { slug } = input.value;
    return err({ code: 'slug_taken', message: `There is already a tenant "${slug}". Choose another slug.` });
  }
}

/**
 * Changes what the request names. Gateways obey within a second; suspending ends the tenant's live sessions. A cap below
 * what the tenant is guaranteed is refused.
 */
export async function updateTenant(
  context: TenancyContext,
  tenantId: TenantId,
  request: UpdateTenantRequest,
): Administered<TenantRecord> {
  const input = checkInput(UpdateTenantInput, request);
  if (!input.ok) return input;
  const { name, sessionsMax, status, limits = {} } = input.value;
  const data = {
    ...(name === undefined ? {} : { name }),
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
    ...(status === undefined ? {} : { status }),
    ...limitColumnsOf(limits),
    updatedAt: new Date(context.clock.nowMs()),
  };
  return changing(context.db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    if (!tenant.ok) return tenant;
    if (tenant.value.archivedAtMs !== null) return err(tenantArchived(tenant.value.slug));
    const refusal = sessionsMax === undefined ? null : refusalOf(await capProblems(tx, tenant.value, sessionsMax));
    if (refusal) return err(refusal);
    return ok(tenantOf(await tx.tenant.update({ where: { id: tenantId }, data })));
  });
}

/** Shuts a tenant out: its live sessions end, new ones get 403 `tenant_suspended`. Its keys stay as they are. */
export function suspendTenant(context: TenancyContext, tenantId: TenantId): Administered<TenantRecord> {
  return updateTenant(context, tenantId, { status: 'suspended' });
}

/** Lets a suspended tenant in again. */
export function activateTenant(context: TenancyContext, tenantId: TenantId): Administered<TenantRecord> {
  return updateTenant(context, tenantId, { status: 'active' });
}

/** Finds a tenant by id or slug, as an administrator names it. */
export async function findTenant(context: TenancyContext, idOrSlug: string): Administered<TenantRecord> {
  const id = parseId('tnt', idOrSlug);
  const row = await context.db.tenant.findUnique({ where: id === null ? { slug: idOrSlug } : { id } });
  return row ? ok(tenantOf(row)) : err(tenantNotFound(idOrSlug));
}

/** All tenants, by slug. For administrators of the installation only. */
export async function listTenants(context: TenancyContext): Promise<readonly TenantRecord[]> {
  return (await context.db.tenant.findMany({ orderBy: { slug: 'asc' } })).map(tenantOf);
}

async function capProblems(tx: Tx, { id, slug }: TenantRecord, sessionsMax: number | null): Promise<readonly string[]> {
  const floors = [...(await tenantFloors(tx, id)).values()];
  return holderProblems({ kind: 'tenant', name: slug, sessionsMax, floors });
}
