export { importPrices, type PriceImport } from './import-prices.js';
export {
  loadPriceBook,
  PriceBookRefused,
  priceBookRevision,
  priceSource,
  type LoadedPriceBook,
} from './load-price-book.js';
