import { Metrics } from './metrics.js';

const seriesCount = async (metrics: Metrics) =>
  (await metrics.scrape()).split('\n').filter((line) => line.startsWith('trunkline_')).length;

describe('exported metrics', () => {
  it('stay bounded whatever names come in', async () => {
    const metrics = new Metrics();
    for (let i = 0; i < 10_000; i++) {
      metrics.counter('sessionEnd', { cause: `cause-${i}` }).add(1);
      metrics.gauge('sessionsActive', { transport: `t${i}`, model_family: `model-${i}` }).add(1);
    }
    expect(await seriesCount(metrics)).toBeLessThan(100);
    expect(await metrics.scrape()).toContain('trunkline_session_end_total{cause="other"} 10000');
  });

  it('are read at the moment of the scrape', async () => {
    const metrics = new Metrics();
    metrics.onScrape(() => metrics.gauge('journalBytes').set(42));
    expect(await metrics.scrape()).toContain('trunkline_journal_bytes 42');
  });

  it('are waited for by the scrape', async () => {
    const metrics = new Metrics();
    metrics.onScrape(async () => {
      await Promise.resolve();
      metrics.gauge('journalBytes').set(43);
    });
    expect(await metrics.scrape()).toContain('trunkline_journal_bytes 43');
  });

  it('in a table are gone when they are not in it any more', async () => {
    const metrics = new Metrics();
    const row = (pool: string, value: number) => ({ labels: { pool }, value });
    metrics.setTable('poolFree', [row('eu', 1), row('us', 2)]);
    metrics.setTable('poolFree', [row('us', 3)]);
    const text = await metrics.scrape();
    expect(text).toContain('trunkline_pool_lines_free{pool="us"} 3');
    expect(text).not.toContain('"eu"');
  });

  it('in a table are at most as many as it may have, the last the sum of the rest', async () => {
    const metrics = new Metrics();
    const rows = Array.from({ length: 302 }, (_, i) => ({ labels: { pool: 'eu', tenant: `t${i}` }, value: 1 }));
    metrics.setTable('tenantLines', rows);
    const text = await metrics.scrape();
    expect(text.match(/^trunkline_pool_tenant_lines\{/gm)).toHaveLength(300);
    expect(text).toContain('trunkline_pool_tenant_lines{pool="eu",tenant="t298"} 1');
    expect(text).toContain('trunkline_pool_tenant_lines{pool="other",tenant="other"} 3');
  });

  it('of two processes in one do not mix', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.counter('usageLost').add(3);
    expect(await one.scrape()).toContain('trunkline_usage_lost_total 3');
    expect(await other.scrape()).toContain('trunkline_usage_lost_total 0');
  });

  it('put a value into the bucket it belongs to', async () => {
    const metrics = new Metrics();
    metrics.histogram('journalAppend').observe(0.0015);
    expect(await metrics.scrape()).toContain('trunkline_journal_append_seconds_bucket{le="0.002"} 1');
  });
});
