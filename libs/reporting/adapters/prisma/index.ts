export { chargeRowsOf, chargeRowsOfTenants, tenantsBookedIn } from './charge-rows.js';
export { UnreadableBooks } from './charge-row-text.js';
export { type BooksRange } from './stable-order.js';
export { organizationRowsOfTenant } from './organization-rows.js';
export type { Queryable } from './queryable.js';
