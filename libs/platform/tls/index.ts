export * from './local-tls.js';
