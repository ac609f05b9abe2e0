export * from './core/price-version.js';
export * from './core/price-book.js';
export * from './core/price-row.js';
export * from './core/rate.js';
export * from './core/running-cost.js';
