export { growSlowly } from './grow-slowly.js';
export { runProcess, type ProcessBase, type ProcessSpec, type StartedProcess } from './run-process.js';
