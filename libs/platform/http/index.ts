export * from './close-server.js';
export * from './listen.js';
export * from './ops-server.js';
export * from './serve-ops.js';
export * from './url-host.js';
