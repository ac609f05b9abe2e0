import { boundedLabel, METRICS, OTHER, seriesMax, type MetricSpec } from './catalogue.js';

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

  it('has no label that could grow with keys, sessions, tenants or models', () => {
    const labels = new Set(metrics.flatMap((metric) => metric.labels.map((label) => label.name)));
    for (const unbounded of ['tenant', 'tenant_id', 'key', 'key_id', 'session', 'session_id', 'model', 'user', 'url'])
      expect(labels).not.toContain(unbounded);
    expect(seriesMax()).toBeLessThan(3_000);
  });

  it('counts what it does not know as other', () => {
    const [label] = METRICS.sessionEnd.labels;
    expect(boundedLabel(label, 'client_closed')).toBe('client_closed');
    expect(boundedLabel(label, 'gpt-"}{\n')).toBe(OTHER);
  });

  it('orders every histogram by rising buckets', () => {
    for (const metric of metrics) {
      if (metric.kind !== 'histogram') continue;
      expect([...metric.buckets].sort((a, b) => a - b)).toEqual(metric.buckets);
    }
  });
});
