// The catalogue bound to prom-client, in a registry of its own (no global state, so that tests and several apps in one
// process do not meet). A handle is resolved once per label combination and kept: the voice path never looks a label up.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LabelValues, METRICS, type LabelsOf, type MetricKey, type MetricSpec } from '../../core/catalogue.js';

type KeysOf<Kind extends MetricSpec['kind']> = {
  [K in MetricKey]: (typeof METRICS)[K]['kind'] extends Kind ? K : never;
}[MetricKey];
type LabelArgs<K extends MetricKey> = [LabelsOf<K>] extends [never]
  ? []
  : [labels: Readonly<Record<LabelsOf<K>, string>>];

/** One counter with its labels fixed. */
export interface CounterHandle {
  add(amount: number): void;
}

/** One gauge with its labels fixed. */
export interface GaugeHandle {
  set(value: number): void;
  add(amount: number): void;
}

/** One histogram with its labels fixed. */
export interface HistogramHandle {
  observe(value: number): void;
}

/** The metrics of a process. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly values = new LabelValues();
  private readonly metrics = new Map<MetricKey, Counter | Gauge | Histogram>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const [key, spec] of Object.entries(METRICS) as [MetricKey, MetricSpec][])
      this.metrics.set(key, this.make(spec));
    this.gauge('buildInfo', { node_major: process.versions.node.split('.')[0] ?? '' }).set(1);
  }

  /** A counter; keep the handle where it is used often. */
  counter<K extends KeysOf<'counter'>>(key: K, ...[labels]: LabelArgs<K>): CounterHandle {
    const child = this.metric(key, Counter).labels(this.bounded(key, labels));
    return { add: (amount) => child.inc(amount) };
  }

  gauge<K extends KeysOf<'gauge'>>(key: K, ...[labels]: LabelArgs<K>): GaugeHandle {
    const child = this.metric(key, Gauge).labels(this.bounded(key, labels));
    return { set: (value) => child.set(value), add: (amount) => child.inc(amount) };
  }

  histogram<K extends KeysOf<'histogram'>>(key: K, ...[labels]: LabelArgs<K>): HistogramHandle {
    const child = this.metric(key, Histogram).labels(this.bounded(key, labels));
    return { observe: (value) => child.observe(value) };
  }

  /** Runs before each scrape: the place to set gauges that are read from elsewhere. */
  onScrape(collect: () => void): void {
    this.collectors.push(collect);
  }

  readonly contentType = this.registry.contentType;
  private readonly collectors: (() => void)[] = [];

  /** The text for `/metrics`. */
  async scrape(): Promise<string> {
    for (const collect of this.collectors) collect();
    return this.registry.metrics();
  }

  private metric<T>(key: MetricKey, type: new (...args: never[]) => T): T {
    const metric = this.metrics.get(key);
    if (!(metric instanceof type)) throw new Error(`metric ${key} is not a ${type.name}`);
    return metric;
  }

  private make(spec: MetricSpec): Counter | Gauge | Histogram {
    const labelNames = spec.labels.map((label) => label.name);
    const options = { name: spec.name, help: spec.help, labelNames, registers: [this.registry] };
    switch (spec.kind) {
      case 'counter':
        return new Counter(options);
      case 'gauge':
        return new Gauge(options);
      case 'histogram':
        return new Histogram({ ...options, buckets: [...spec.buckets] });
    }
  }

  private bounded(key: MetricKey, labels: Readonly<Record<string, string>> | undefined): Record<string, string> {
    const specs: MetricSpec['labels'] = METRICS[key].labels;
    return Object.fromEntries(specs.map((spec) => [spec.name, this.values.bounded(spec, labels?.[spec.name] ?? '')]));
  }
}
