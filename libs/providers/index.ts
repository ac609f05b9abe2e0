export * from './core/route.js';
export * from './core/observe.js';
