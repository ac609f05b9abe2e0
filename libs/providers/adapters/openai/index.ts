export * from './dial.js';
export * from './models.js';
export * from './observe.js';
export * from './usage.js';
