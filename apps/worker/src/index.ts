// What `standalone` (and the worker's own main) composes.
export { startWorker, type RunningWorker, type WorkerParts } from './start-worker.js';
export { RatingLoop, type PassReport } from './rating-loop.js';
export { ratingPasses } from './rating-pass.js';
export { openLines } from './open-lines.js';
export { startAlerts, type AlertParts } from './alerts/start-alerts.js';
export { alertSender } from './alerts/send-alert.js';
export { poolStatuses, watchPools, type PoolWatchParts } from './watch-pools.js';
export { WorkerModule } from './worker.module.js';
