export * from './core/gated-event.js';
export * from './core/route.js';
export * from './core/observe.js';
export * from './core/pool-health.js';
export { isRealtimeModel, modelFamily, realtimeModels } from './core/openai-models.js';
export * from './core/vendor-names.js';
export * from './core/session-veil.js';
export * from './core/turn-event.js';
