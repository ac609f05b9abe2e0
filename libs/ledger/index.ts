export * from './core/account.js';
export * from './core/chain.js';
export * from './core/manual.js';
export * from './core/period.js';
export * from './core/period-close.js';
export * from './core/reversal.js';
export * from './core/transaction.js';
export * from './core/usage-date.js';
