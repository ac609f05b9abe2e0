export * from './listen.js';
export * from './ops-server.js';
