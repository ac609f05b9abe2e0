// Whose rules, channels and deliveries a request is about: `?tenant=` names a tenant's own; without, they are the company's. The
// guard has judged it: tenants' people must name theirs.
import type { AlertOwner } from '@trunkline/alerting';
import { z } from 'zod';
import type { ApiRouteParts } from '../api-parts.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';

/** `?tenant=`. */
export const OwnerQuery = z.strictObject({
  tenant: z.string().max(200).optional().meta({ description: 'whose own, by slug or id; without: the company’s' }),
});
export type OwnerQuery = z.output<typeof OwnerQuery>;

/** Whose. @throws RefusedRequest for a tenant that is not there */
export async function ownerAsked(
  { tenancy }: Pick<ApiRouteParts, 'tenancy'>,
  { tenant }: OwnerQuery,
): Promise<AlertOwner> {
  return tenant === undefined ? null : (await orTooLong(tenantNamed(tenancy, tenant))).id;
}

/** What the record of a change says of whose it is. */
export function ownerOf(owner: AlertOwner): { readonly tenantId?: string } {
  return owner === null ? {} : { tenantId: owner };
}
