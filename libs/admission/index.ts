export * from './core/limits.js';
export * from './core/pool-plan.js';
export { SessionRate } from './core/pace.js';
export * from './core/headroom.js';
export * from './core/fair-share.js';
export * from './core/lease.js';
export * from './core/lease-store.js';
export * from './core/switchboard.js';
export { KEEP_AGAIN_AGE_MS_MIN, KEEP_AGE_MS_MIN } from './core/kept-line.js';
export { RECLAIM_MS } from './core/reclaims.js';
export type { Line } from './core/line-register.js';
export * from './core/lease-keeper.js';
export * from './core/line-watch.js';
export * from './core/static-share.js';
export * from './core/waiting-room.js';
export * from './core/admission-refusal.js';
export * from './core/admit.js';
export { poolLines } from './core/pool-lines.js';
export * from './core/pool-status-shape.js';
export * from './core/pool-status.js';
export * from './core/budget/periods.js';
export * from './core/budget/spend-limits.js';
export * from './core/budget/budget-store.js';
export * from './core/budget/budget-book.js';
export * from './core/budget/budget-notice.js';
export * from './core/arrivals.js';
export * from './core/what-if.js';
export type {
  LinesForecast,
  PoolFamilyForecast,
  PoolForecast,
  PoolTenantForecast,
  RefusedBecause,
  TenantForecast,
  WaitForecast,
  WhatIfReport,
} from './core/what-if-report.js';
