export * from './local-tls.js';
export * from './given-tls.js';
