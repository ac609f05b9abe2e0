export {
  Jobs,
  jobStoreOf,
  type AddOptions,
  type JobHandler,
  type JobStore,
  type Repetition,
  type RunningJob,
} from './jobs.js';
