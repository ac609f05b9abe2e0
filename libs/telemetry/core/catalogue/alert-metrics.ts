// Alerts and how they are told. Gauges are of the whole installation: every worker tells the same.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';

/** Its part of the catalogue. */
export const ALERT_METRICS = {
  alertsFiring: {
    kind: 'gauge',
    name: 'trunkline_alerts_firing',
    help: 'Alerts that are firing now. Every worker tells all of them: take max(), not sum().',
    labels: [{ name: 'severity', values: ['info', 'warning', 'critical'] }],
  },
  alertDeadLetters: {
    kind: 'gauge',
    name: 'trunkline_alert_dead_letters',
    help: 'Messages of alerts that were given up and wait for somebody to send them again. Take max(), not sum().',
    labels: NO_LABELS,
  },
  alertDeliveries: {
    kind: 'counter',
    name: 'trunkline_alert_deliveries_total',
    help: 'Tries of this worker to send a message of an alert, by the kind of channel. Dead: it was the last one.',
    labels: [
      { name: 'channel', values: ['webhook', 'email', 'slack'] },
      { name: 'result', values: ['sent', 'failed', 'dead'] },
    ],
  },
} as const satisfies Record<string, MetricSpec>;
