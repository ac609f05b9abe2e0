export * from './core/limits.js';
export * from './core/lease.js';
export * from './core/lease-store.js';
export * from './core/lease-keeper.js';
export * from './core/admit.js';
