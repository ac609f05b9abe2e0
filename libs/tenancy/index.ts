export * from './core/api-key.js';
export * from './core/policy-snapshot.js';
export * from './core/principal.js';
export * from './core/authenticate.js';
export * from './core/snapshot-holder.js';
export * from './core/policy-refresher.js';
export * from './core/inputs.js';
export * from './core/administration.js';
