import { EXPORT_ATTEMPTS_MAX, nextTryMs } from './retries.js';

const waits = (id: string): readonly number[] =>
  Array.from({ length: EXPORT_ATTEMPTS_MAX - 1 }, (_, i) => nextTryMs({ id, attempts: i + 1, failedAtMs: 0 }) ?? -1);

it('waits longer each time, up to about an hour, and goes on for about a day', () => {
  const all = waits('exp_1');
  expect(all[0]).toBeGreaterThanOrEqual(3_750);
  expect(all[0]).toBeLessThanOrEqual(6_250);
  expect(Math.max(...all)).toBeLessThanOrEqual(4_500_000);
  const hours = all.reduce((sum, each) => sum + each, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(16);
  expect(hours).toBeLessThan(28);
});

it('ends', () => {
  expect(nextTryMs({ id: 'exp_1', attempts: EXPORT_ATTEMPTS_MAX, failedAtMs: 0 })).toBeNull();
});

it('spreads what failed together', () => {
  const firsts = Array.from({ length: 100 }, (_, i) => waits(`exp_${i}`)[0] ?? 0);
  expect(new Set(firsts).size).toBeGreaterThan(90);
  expect(waits('exp_7')).toEqual(waits('exp_7'));
});
