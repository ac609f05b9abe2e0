export * from './accept.js';
export * from './dialler.js';
export * from './first-message.js';
export * from './mask-key.js';
export * from './say.js';
export * from './ticker.js';
export * from './wire-factory.js';
