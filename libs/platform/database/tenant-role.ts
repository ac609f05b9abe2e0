/** The role whose statements see rows of the tenants in `TENANTS_SETTING` (separated by commas) only; made by a migration. */
export const TENANT_ROLE = 'trunkline_tenant';
export const TENANTS_SETTING = 'trunkline.tenants';

/** The values of `TENANTS_SETTING`. */
export function tenantsText(tenants: readonly string[]): string {
  return tenants.join(',');
}
