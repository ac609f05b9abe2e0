import { costsQuery, SessionsQuery, usageQuery } from './queries.js';

const NOW = Date.parse('2026-11-21T15:00:00Z');
const range = (query: Record<string, unknown>) => usageQuery(NOW).safeParse(query);
const costs = (query: Record<string, unknown>) => costsQuery(NOW).safeParse(query);

describe('the range of a report', () => {
  it('is the last 30 days and today when not given', () => {
    expect(range({}).data).toEqual({ fromMs: Date.parse('2026-10-23'), toMs: Date.parse('2026-11-22') });
  });

  it('takes days and instants with an offset', () => {
    expect(range({ from: '2026-11-01', to: '2026-11-02T01:00:00+01:00' }).data).toEqual({
      fromMs: Date.parse('2026-11-01T00:00:00Z'),
      toMs: Date.parse('2026-11-02T00:00:00Z'),
    });
  });

  it('refuses what is no time, runs backwards, is too long, is given twice or is unknown', () => {
    const refused = [
      { from: 'yesterday' },
      { from: '2026-02-30' },
      { from: '' },
      { from: '2026-11-21T15:00' },
      { from: '1795000000000' },
      { from: ['2026-11-01', '2026-11-02'] },
      { from: '2026-11-03', to: '2026-11-03' },
      { from: '2020-01-01', to: '2026-11-03' },
      { since: '2026-11-01' },
    ];
    for (const query of refused) expect({ query, ok: range(query).success }).toEqual({ query, ok: false });
  });
});

describe('the dimensions of costs', () => {
  it('are tenant and model unless told', () => {
    expect(costs({}).data?.by).toEqual(['tenant', 'model']);
    expect(costs({ by: 'day,key' }).data?.by).toEqual(['day', 'key']);
  });

  it('are of the list, each once', () => {
    for (const by of ['', 'tenant,tenant', 'tenant,', 'tenant;drop', 'Tenant', ['day']])
      expect({ by, ok: costs({ by }).success }).toEqual({ by, ok: false });
  });
});

describe('the number of sessions', () => {
  it('is 200 unless told, and from 1 to 1,000', () => {
    expect(SessionsQuery.parse({})).toEqual({ limit: 200 });
    expect(SessionsQuery.parse({ limit: '1000' })).toEqual({ limit: 1_000 });
    for (const limit of ['0', '-1', '1001', '1e3', 'all', '10.5'])
      expect({ limit, ok: SessionsQuery.safeParse({ limit }).success }).toEqual({ limit, ok: false });
  });
});
