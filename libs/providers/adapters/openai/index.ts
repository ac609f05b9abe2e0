export * from './blocked-content.js';
export * from './content-reader.js';
export * from './dial.js';
export * from './gate-words.js';
export * from './models.js';
export * from './observe.js';
export * from './usage.js';
