export * from './close-server.js';
export * from './listen.js';
export * from './ops-server.js';
