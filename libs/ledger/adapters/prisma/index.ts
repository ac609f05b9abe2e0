export { postBatch, type PostedBatch, type PostOptions } from './post-batch.js';
export { type SetAside } from './pending-usage.js';
export { reopenUnrated } from './reopen-unrated.js';
