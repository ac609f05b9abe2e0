export * from './core/catalogue.js';
