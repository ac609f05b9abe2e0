import { LabelValues, METRICS, OTHER, seriesMax, type MetricSpec } from './catalogue.js';

const metrics = Object.values<MetricSpec>(METRICS);

describe('the metric catalogue', () => {
  it('names each metric once, with one prefix and Prometheus suffixes', () => {
    const names = metrics.map((metric) => metric.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, kind } of metrics) {
      expect(name).toMatch(/^trunkline_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
    }
  });

  it('has no label that could grow with keys, sessions or models', () => {
    const labels = new Set(metrics.flatMap((metric) => metric.labels.map((label) => label.name)));
    for (const unbounded of ['tenant_id', 'key', 'key_id', 'session', 'session_id', 'model', 'user', 'url'])
      expect(labels).not.toContain(unbounded);
    // Of one process with 30 pools, each of which has seen everything that can happen.
    expect(seriesMax()).toBeLessThan(7_000);
  });

  it('names tenants in tables only, which say how many series they may have', () => {
    const naming = metrics.filter(({ labels }) => labels.some(({ name }) => name === 'tenant'));
    expect(naming.length).toBeGreaterThan(0);
    for (const metric of naming) expect(metric).toMatchObject({ kind: 'table', seriesMax: 300 });
  });

  it('counts what it does not know as other', () => {
    const [label] = METRICS.sessionEnd.labels;
    const values = new LabelValues();
    expect(values.bounded(label, 'client_closed')).toBe('client_closed');
    expect(values.bounded(label, 'gpt-"}{\n')).toBe(OTHER);
  });

  it('tells so many pools apart and no more, the same in all metrics', () => {
    const values = new LabelValues();
    const [pool] = METRICS.poolTries.labels;
    const slugs = Array.from({ length: pool.namesMax + 10 }, (_, i) => `pool-${i}`);
    const told = slugs.map((slug) => values.bounded(pool, slug));
    expect(told.slice(0, pool.namesMax)).toEqual(slugs.slice(0, pool.namesMax));
    expect(new Set(told.slice(pool.namesMax))).toEqual(new Set([OTHER]));
    expect(values.bounded(METRICS.upstreamErrors.labels[0], 'pool-0')).toBe('pool-0');
    expect(values.bounded(METRICS.upstreamErrors.labels[0], 'one-more')).toBe(OTHER);
  });

  it('orders every histogram by rising buckets', () => {
    for (const metric of metrics) {
      if (metric.kind !== 'histogram') continue;
      expect([...metric.buckets].sort((a, b) => a - b)).toEqual(metric.buckets);
    }
  });
});
