export { chargeRowsOf, chargeRowsOfTenants, tenantsBookedIn } from './charge-rows.js';
export { UnreadableBooks } from './charge-row-text.js';
export { type BooksRange } from './stable-order.js';
