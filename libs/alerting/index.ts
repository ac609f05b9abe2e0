export * from './core/alert.js';
export * from './core/alert-inputs.js';
export * from './core/alert-kind.js';
export * from './core/alert-text.js';
export * from './core/retry.js';
export * from './core/watch.js';
export type { AlertChannelId, AlertDeliveryId, AlertId, AlertRuleId } from '@trunkline/kernel';
