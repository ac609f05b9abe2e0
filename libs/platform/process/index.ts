export { runProcess, type ProcessBase, type ProcessSpec, type StartedProcess } from './run-process.js';
