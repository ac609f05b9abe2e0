export * from './core/binding.js';
export * from './core/circuit.js';
export * from './core/content.js';
export * from './core/hook.js';
export * from './core/pipeline.js';
export * from './core/policy.js';
export * from './core/text-window.js';
export * from './core/verdict.js';
