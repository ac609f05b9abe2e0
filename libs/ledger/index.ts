export * from './core/account.js';
export * from './core/period.js';
export * from './core/transaction.js';
