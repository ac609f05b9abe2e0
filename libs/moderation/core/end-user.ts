// Who an app's end user is to us and to the vendor: a keyed hash of the name that the app gave, different for each tenant,
// so that neither our tables nor the vendor ever hold the name itself, and the same name of two tenants is two people.
import { createHmac, hkdfSync } from 'node:crypto';
import type { TenantId } from '@trunkline/kernel';

/** Turns an app's name of an end user into ours, e.g. `eu_5f…`: 46 characters, the same for ever under one pepper. */
export type EndUserHasher = (tenantId: TenantId, name: string) => string;

const PURPOSE = 'trunkline end users v1';
const KEY_BYTES = 32;

/** The hasher of an installation. @param pepper its secret. */
export function endUserHasher(pepper: string): EndUserHasher {
  const key = Buffer.from(hkdfSync('sha256', pepper, '', PURPOSE, KEY_BYTES));
  // A tenant's id has no NUL in it, so no two pairs share their input.
  return (tenantId, name) => `eu_${createHmac('sha256', key).update(`${tenantId}\0${name}`).digest('base64url')}`;
}
