export { importPrices, type ImportedBy, type PriceImport } from './import-prices.js';
export {
  loadPriceBook,
  PriceBookRefused,
  priceBookRevision,
  priceSource,
  selectCatalogue,
  type LoadedPriceBook,
} from './load-price-book.js';
export { impactOfChange, priceImpact, type ImpactQuery, type TenantImpact } from './price-impact.js';
export { storeDerivedPrices } from './price-rows.js';
export type { PriceDecision, StoredPriceChange } from './change-rows.js';
export {
  approvePrices,
  draftPrices,
  findPriceChange,
  listPriceChanges,
  previewPrices,
  rejectPrices,
  type PriceApproval,
  type PriceContext,
  type PriceDraft,
  type PriceProblems,
  type PriceVerdict,
} from './price-changes.js';
