export * from './core/charge-row.js';
export * from './core/organization/question.js';
export * from './core/organization/page.js';
export * from './core/rollup-query.js';
