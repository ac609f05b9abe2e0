// What services refuse, in the words of the admin listener.
import type { Result } from '@trunkline/kernel';
import type { ReportingRefusal } from '@trunkline/reporting/adapters/prisma';
import type { TenantRecord } from '@trunkline/tenancy';
import { findTenant, tenantNotFound, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { RefusedRequest } from '../http/problem.js';

/** The value of a request about reports. @throws RefusedRequest */
export function answered<T>(outcome: Result<T, ReportingRefusal>): T {
  if (outcome.ok) return outcome.value;
  const { code, message: detail } = outcome.error;
  if (code === 'invalid_input') throw new RefusedRequest('invalid_query', { detail });
  throw new RefusedRequest(code === 'not_found' ? 'cost_centre_not_found' : 'does_not_hold', { detail });
}

/** A tenant by slug or id. @throws RefusedRequest */
export async function tenantNamed(tenancy: TenancyContext, named: string): Promise<TenantRecord> {
  const tenant = await findTenant(tenancy, named);
  if (tenant.ok) return tenant.value;
  throw noSuchTenant(named);
}

/** The refusal for a tenant that is not there, or that whoever asks may know nothing of: the same words. */
export function noSuchTenant(named: string): RefusedRequest {
  return new RefusedRequest('tenant_not_found', { detail: tenantNotFound(named).message });
}
