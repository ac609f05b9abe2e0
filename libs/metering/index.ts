export * from './core/meters.js';
export * from './core/quantity.js';
export * from './core/usage-report.js';
export * from './core/usage-event-id.js';
export * from './core/usage-event.js';
export * from './core/journal.js';
export * from './core/journal-record-text.js';
