// The process itself.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';

/** Its part of the catalogue. */
export const PROCESS_METRICS = {
  policyAge: {
    kind: 'gauge',
    name: 'trunkline_policy_age_seconds',
    help: 'Time since the policy snapshot was last known to be current.',
    labels: NO_LABELS,
  },
  draining: {
    kind: 'gauge',
    name: 'trunkline_draining',
    help: '1 while this process lets nobody new in because it is stopping.',
    labels: NO_LABELS,
  },
  buildInfo: {
    kind: 'gauge',
    name: 'trunkline_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: [{ name: 'node_major', values: ['20', '21', '22', '23', '24', '25', '26'] }],
  },
} as const satisfies Record<string, MetricSpec>;
