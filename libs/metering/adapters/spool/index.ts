export { openSpool } from './open-spool.js';
export { SpoolFolderError } from './owner.js';
export { type Spool, type SpoolStats } from './spool.js';
export { type SpoolOptions, type SpoolProbe } from './spool-options.js';
export { type SpoolIncident, type IncidentListener } from './incident.js';
export { type DamagedRange } from './segment-scan.js';
export { type BatchLimits } from './segment-queue.js';
export { Drain, type DrainOptions, type DrainSource, type DrainStats } from './drain.js';
export { salvageSegment, type Salvage } from './salvage.js';
