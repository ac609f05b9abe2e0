export * from './core/charge-row.js';
