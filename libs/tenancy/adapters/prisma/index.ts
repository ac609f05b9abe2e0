export { createKey, listKeys, revokeKey } from './api-keys.js';
export type { TenancyContext } from './context.js';
export { ensurePool, listPools, setPoolCap } from './pools.js';
export { PrismaPolicySource } from './prisma-policy-source.js';
export { activateTenant, createTenant, findTenant, listTenants, suspendTenant, updateTenant } from './tenants.js';
