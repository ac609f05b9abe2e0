export { errorCodeOf } from './error-code.js';
