export * from './core/route.js';
export * from './core/observe.js';
export * from './core/pool-health.js';
