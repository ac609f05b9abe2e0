export * from './ids.js';
export * from './clock.js';
export * from './result.js';
export * from './money.js';
export * from './error.js';
export * from './name.js';
export * from './seal.js';
export * from './storable.js';
