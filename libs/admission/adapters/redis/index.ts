export type { RedisClient } from './client.js';
export { connectGrants, connectLeaseRedis, LeaseRedisUnreachable, type LeaseRedisOptions } from './connect.js';
export { RedisLeaseStore, type RedisLeaseStoreOptions } from './redis-lease-store.js';
export { Grants, type GrantSubscriber } from './grants.js';
export type { LeaseRedis } from './scripts.js';
export { RedisBudgetStore, type RedisBudgetStoreOptions } from './redis-budget-store.js';
