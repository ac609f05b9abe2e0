export { importPrices, type PriceImport } from './import-prices.js';
export { loadPriceBook, PriceBookRefused, priceBookRevision, type LoadedPriceBook } from './load-price-book.js';
