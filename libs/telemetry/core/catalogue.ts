// Every metric that Trunkline exports, in one place: name, meaning, labels and their closed value lists, buckets. A label
// value outside its list becomes `other`, so the number of series is bounded by this file whatever strangers send; no
// key, session, user, raw model name or URL is ever a label (Prometheus's own rule: label values stay below about ten).
// Pools, and in gauges of pools also families and tenants, are named as administrators named them, up to a number.
// Names follow Prometheus: one prefix, base units, `_total` for counters. Dimensions of tokens follow OpenTelemetry's
// gen_ai ones (modality, direction, cache). To add a metric, add one entry to the file of its subject (`catalogue/`).
import { ADMISSION_METRICS } from './catalogue/admission-metrics.js';
import { ALERT_METRICS } from './catalogue/alert-metrics.js';
import { BOOKS_METRICS } from './catalogue/books-metrics.js';
import { BUDGET_METRICS } from './catalogue/budget-metrics.js';
import { MODERATION_METRICS } from './catalogue/moderation-metrics.js';
import { POOL_METRICS } from './catalogue/pool-metrics.js';
import { PROCESS_METRICS } from './catalogue/process-metrics.js';
import { SESSION_METRICS } from './catalogue/session-metrics.js';
import { USAGE_METRICS } from './catalogue/usage-metrics.js';
import type { LabelSpec, MetricSpec } from './catalogue/metric-spec.js';

export { LabelValues, OTHER, type LabelSpec, type MetricSpec } from './catalogue/metric-spec.js';

/** The catalogue. */
export const METRICS = {
  ...SESSION_METRICS,
  ...ADMISSION_METRICS,
  ...POOL_METRICS,
  ...MODERATION_METRICS,
  ...BUDGET_METRICS,
  ...USAGE_METRICS,
  ...BOOKS_METRICS,
  ...ALERT_METRICS,
  ...PROCESS_METRICS,
} as const satisfies Record<string, MetricSpec>;

/** The name by which code refers to a metric. */
export type MetricKey = keyof typeof METRICS;

/** The label names of a metric. */
export type LabelsOf<K extends MetricKey> = (typeof METRICS)[K]['labels'][number]['name'];

/** The most series that this catalogue can ever export, histogram buckets counted. */
export function seriesMax(): number {
  return Object.values<MetricSpec>(METRICS).reduce((sum, metric) => {
    if (metric.kind === 'table') return sum + metric.seriesMax;
    const combinations = metric.labels.reduce((product, label) => product * (valuesMax(label) + 1), 1);
    return sum + combinations * (metric.kind === 'histogram' ? metric.buckets.length + 3 : 1);
  }, 0);
}

function valuesMax(label: LabelSpec): number {
  return 'values' in label ? label.values.length : label.namesMax;
}
