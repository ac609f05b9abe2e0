export { Jobs, type AddOptions, type JobHandler, type JobStore, type Repetition, type RunningJob } from './jobs.js';
