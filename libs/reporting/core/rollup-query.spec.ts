import { checkRollupQuery, eventsCounted, grainOf, scopeOf, type RollupQuery } from '../index.js';

const at = (text: string): number => Date.parse(text);
const query = (over: Partial<RollupQuery> & { readonly from?: string; readonly to?: string }): RollupQuery => {
  const { from = '2026-11-01', to = '2026-12-01', ...rest } = over;
  return { fromMs: at(from), toMs: at(to), bucket: 'day', by: [], where: {}, ...rest };
};
const wrong = (over: Parameters<typeof query>[0]): string | null => {
  const checked = checkRollupQuery(query(over));
  return checked.ok ? null : checked.error.parameter;
};

describe('a question to the rollups', () => {
  it('is refused when its range would cut a bucket in two', () => {
    expect(wrong({ bucket: 'hour', from: '2026-11-01T00:30:00Z' })).toBe('from');
    expect(wrong({ bucket: 'total', to: '2026-11-02T00:00:01Z' })).toBe('to');
    expect(wrong({ bucket: 'day', from: '2026-11-01T01:00:00Z' })).toBe('from');
    expect(wrong({ bucket: 'month', to: '2026-11-30' })).toBe('to');
    for (const bucket of ['hour', 'day', 'month', 'total'] as const) expect(wrong({ bucket })).toBeNull();
  });

  it('is refused when it runs backwards or over more than a chart shows', () => {
    expect(wrong({ from: '2026-12-01' })).toBe('from');
    expect(wrong({ bucket: 'hour', from: '2026-01-01' })).toBe('from');
    expect(wrong({ from: '2024-12-01' })).toBeNull();
  });

  it('reads the coarsest table that cuts time finely enough', () => {
    expect(grainOf(query({ bucket: 'total' }))).toBe('day');
    expect(grainOf(query({ bucket: 'total', from: '2026-11-01T05:00:00Z' }))).toBe('hour');
    expect(grainOf(query({ bucket: 'month' }))).toBe('month');
  });

  it('needs no tenant’s rows unless it tells tenants or keys apart or names one', () => {
    expect(scopeOf(query({ by: ['pool', 'model', 'meter'], where: { evidence: ['reported'] } }))).toBe('all');
    expect(scopeOf(query({ by: ['tenant', 'key'] }))).toBe('keys');
    expect(scopeOf(query({ where: { tenant: ['tnt_1'], key: ['key_1'] } }))).toBe('keys');
    expect(scopeOf(query({ by: ['model'], where: { tenant: ['tnt_1'] } }))).toBe('tenants');
    expect(scopeOf(query({ by: ['tenant'] }))).toBe('tenants');
  });

  it('counts events only where they add up', () => {
    expect(eventsCounted(query({ by: ['tenant', 'model'], where: { key: ['key_1'] } }))).toBe('events');
    expect(eventsCounted(query({ by: ['meter'] }))).toBe('readings');
    expect(eventsCounted(query({ where: { meter: ['input_text'] } }))).toBe('readings');
    expect(eventsCounted(query({ where: { meter: ['input_text', 'output_audio'] } }))).toBe('nothing');
    expect(eventsCounted(query({ by: ['direction'] }))).toBe('nothing');
    expect(eventsCounted(query({ where: { modality: ['audio'] } }))).toBe('nothing');
  });
});
