export { poolNamed, poolStatusIn } from './pool-names.js';
export { poolPlan, PoolPlans } from './pool-plans.js';
export { WhatIfChangesInput, type WhatIfChanges, type WhatIfChangesRequest } from './what-if/changes.js';
export { changedPolicy } from './what-if/changed-policy.js';
export {
  CallsRecord,
  TooManyCalls,
  type Call,
  type CallsOfRecord,
  type RecordTerms,
  type RefusedTaken,
} from './what-if/recorded-calls.js';
export { readRecord, type RecordPages } from './what-if/read-record.js';
export { noteOfChanges, notesOfIdleLines, notesOfRecord } from './what-if/record-notes.js';
export { replayUnder, routeUnder, type CallsToReplay } from './what-if/replay.js';
export { comparison, type CallsForecast, type Side, type WhatIfComparison } from './what-if/comparison.js';
