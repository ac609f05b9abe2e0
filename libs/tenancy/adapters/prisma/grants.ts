import { trustedId } from '@trunkline/kernel';
import { z } from 'zod';
import { ROLES, type Grant } from '../../index.js';

const role = z.enum(ROLES);

/** A stored grant. @throws for a role that this release does not know: it grants nothing. */
export function grantOf(row: { readonly role: string; readonly tenantId: string | null }): Grant {
  return { role: role.parse(row.role), tenantId: row.tenantId === null ? null : trustedId('tnt', row.tenantId) };
}
