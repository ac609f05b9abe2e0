export { connectLeaseRedis, LeaseRedisUnreachable, type LeaseRedisOptions } from './connect.js';
export { RedisLeaseStore, type RedisLeaseStoreOptions } from './redis-lease-store.js';
export type { LeaseRedis } from './scripts.js';
