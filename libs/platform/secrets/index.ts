export * from './secret-file.js';
