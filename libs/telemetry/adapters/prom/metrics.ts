// The catalogue bound to prom-client, in a registry of its own (no global state, so that tests and several apps in one
// process do not meet). A handle is resolved once per label combination and kept: the voice path never looks a label up.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LabelValues, METRICS, OTHER, type LabelsOf, type MetricKey, type MetricSpec } from '../../core/catalogue.js';

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

/** One series of a table. */
export interface TableRow<K extends MetricKey> {
  readonly labels: Readonly<Record<LabelsOf<K>, string>>;
  readonly value: number;
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

  /** Sets a table: these rows, the most important first, and no others. */
  setTable<K extends KeysOf<'table'>>(key: K, rows: readonly TableRow<K>[]): void {
    const { labels, seriesMax } = METRICS[key];
    const gauge = this.metric(key, Gauge);
    const shown = rows.length > seriesMax ? seriesMax - 1 : rows.length;
    gauge.reset();
    for (const row of rows.slice(0, shown)) gauge.set(row.labels, row.value);
    if (shown === rows.length) return;
    const rest = rows.slice(shown).reduce((sum, { value }) => sum + value, 0);
    gauge.set(Object.fromEntries(labels.map(({ name }) => [name, OTHER])), rest);
  }

  /**
   * Runs before each scrape, which waits for it: the place to set gauges that are read from elsewhere. What may take long
   * bounds itself; what rejects fails the scrape.
   */
  onScrape(collect: () => void | Promise<void>): void {
    this.collectors.push(collect);
  }

  readonly contentType = this.registry.contentType;
  private readonly collectors: (() => void | Promise<void>)[] = [];

  /** The text for `/metrics`. */
  async scrape(): Promise<string> {
    await Promise.all(this.collectors.map(async (collect) => collect()));
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
      case 'table':
        return new Gauge(options);
      case 'histogram':
        return new Histogram({ ...options, buckets: [...spec.buckets] });
    }
  }

  private bounded(key: MetricKey, labels: Readonly<Record<string, string>> | undefined): Record<string, string> {
    const spec: MetricSpec = METRICS[key];
    if (spec.kind === 'table') throw new Error(`metric ${key} is set as a whole`);
    return Object.fromEntries(
      spec.labels.map((spec) => [spec.name, this.values.bounded(spec, labels?.[spec.name] ?? '')]),
    );
  }
}
