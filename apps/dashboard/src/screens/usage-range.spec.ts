import { rangeFor } from './usage-range.js';

const NONE = { from: '', to: '' };

describe('the range that is asked for', () => {
  it('of months begins and ends where months do, and is a year where nothing was chosen', () => {
    expect(rangeFor('month', NONE, '2026-11-28')).toEqual({ from: '2025-12-01', to: '2026-12-01' });
    expect(rangeFor('month', { from: '2026-01-31', to: '2026-03-15' }, '2026-11-28')).toEqual({
      ...{ from: '2026-01-01', to: '2026-04-01' },
    });
    expect(rangeFor('month', { from: '', to: '2026-03-01' }, '2026-11-28').to).toBe('2026-03-01');
    expect(rangeFor('month', NONE, '2026-12-31').to).toBe('2027-01-01');
  });

  it('of hours is two days where nothing was chosen', () => {
    expect(rangeFor('hour', NONE, '2026-11-28')).toEqual({ from: '2026-11-27', to: '' });
    expect(rangeFor('hour', { from: '', to: '2026-03-01' }, '2026-11-28')).toEqual({
      from: '2026-02-27',
      to: '2026-03-01',
    });
  });

  it('of days is what was chosen', () => {
    expect(rangeFor('day', NONE, '2026-11-28')).toEqual(NONE);
    expect(rangeFor('day', { from: '2026-11-01', to: '' }, '2026-11-28')).toEqual({ from: '2026-11-01', to: '' });
  });
});
