export * from './accept.js';
export * from './dial.js';
