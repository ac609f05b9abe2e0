import { generatedCalls, type GeneratedTerms } from './generated-calls.js';

const callers = ['a', 'b'].map((name) => ({ tenantId: `tnt_${name}`, keyId: `key_${name}`, family: 'gpt-realtime' }));
const terms: GeneratedTerms = { callsPerHour: 100, meanMs: 180_000, fromMs: 0, days: 7, seed: 1, callers };
const calls = generatedCalls(terms);

describe('generated calls', () => {
  it('are as many as asked for, by day and by night, within the days', () => {
    const hour = (atMs: number) => Math.floor(atMs / 3_600_000) % 24;
    const between = (from: number, to: number) =>
      calls.filter(({ atMs }) => hour(atMs) >= from && hour(atMs) < to).length;
    // 7 x 24 x 100 = 16,800; chance moves a sum of that size by a hundred or two.
    expect(Math.abs(calls.length - 16_800)).toBeLessThan(500);
    expect(between(11, 17)).toBeGreaterThan(between(0, 6) * 3);
    expect([calls[0]?.atMs ?? -1, calls.at(-1)?.atMs ?? -1].every((atMs) => atMs >= 0 && atMs < 7 * 86_400_000)).toBe(
      true,
    );
  });

  it('last as long as asked for on the average, and are of everybody alike', () => {
    const mean = calls.reduce((sum, { durationMs }) => sum + durationMs, 0) / calls.length;
    expect(Math.abs(mean - 180_000)).toBeLessThan(9_000);
    const ofA = calls.filter(({ tenantId }) => tenantId === 'tnt_a').length;
    expect(Math.abs(ofA / calls.length - 0.5)).toBeLessThan(0.03);
  });

  it('are the same with the same seed, in order, and others with another', () => {
    expect(generatedCalls(terms)).toEqual(calls);
    expect(calls.map(({ atMs }) => atMs)).toEqual(calls.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect(generatedCalls({ ...terms, seed: 2 })).not.toEqual(calls);
  });
});
