import { Histogram } from './histogram.js';
import { flawless, SequenceCheck } from './sequence.js';
import { Wheel } from './wheel.js';

function faultsOf(sequence: number[]): ReturnType<typeof flawless> {
  const integrity = flawless();
  const check = new SequenceCheck(integrity);
  for (const number of sequence) check.take(number);
  return integrity;
}

describe('the sequence check', () => {
  it('finds nothing wrong with a whole sequence', () => {
    expect(faultsOf([0, 1, 2, 3])).toEqual(flawless());
  });

  it('counts every frame of a gap as lost', () => {
    expect(faultsOf([0, 1, 5])).toEqual({ ...flawless(), lost: 3 });
  });

  it('counts a late frame as reordered and no longer as lost', () => {
    expect(faultsOf([0, 2, 1, 3])).toEqual({ ...flawless(), reordered: 1 });
  });

  it('counts a repeated frame as reordered', () => {
    expect(faultsOf([0, 1, 1, 2])).toEqual({ ...flawless(), reordered: 1 });
  });
});

describe('a histogram', () => {
  it('gives quantiles within two percent', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 100_000; us++) histogram.record(us);
    for (const q of [0.01, 0.5, 0.99, 1]) {
      expect(Math.abs((histogram.quantile(q) ?? 0) / (q * 100_000) - 1)).toBeLessThan(0.02);
    }
  });

  it('of two processes adds up', () => {
    const one = new Histogram();
    const other = new Histogram();
    one.record(10);
    for (let i = 0; i < 3; i++) other.record(1_000_000);
    expect(new Histogram().add(one.sparse()).add(other.sparse()).quantile(0.25)).toBe(10);
    expect(new Histogram().add(one.sparse()).add(other.sparse()).quantile(0.5)).toBeGreaterThan(980_000);
  });

  it('without counts has no quantile', () => {
    expect(new Histogram().quantile(0.5)).toBeNull();
  });
});

describe('the wheel', () => {
  it('hands out entries at their time, in order', () => {
    const wheel = new Wheel<string>(0);
    const seen: [string, number][] = [];
    wheel.put(30, 'late');
    wheel.put(10, 'early');
    for (const now of [9, 10, 29, 31]) wheel.turn(now, (entry) => seen.push([entry, now]));
    expect(seen).toEqual([
      ['early', 10],
      ['late', 31],
    ]);
  });

  it('hands an entry out once per turn however far behind it is', () => {
    const wheel = new Wheel<string>(0);
    let turns = 0;
    wheel.put(1, 'paced');
    wheel.turn(1000, (entry, dueMs) => {
      turns += 1;
      wheel.put(dueMs + 40, entry);
    });
    expect(turns).toBe(1);
  });

  it('refuses what it would hand out too early', () => {
    expect(() => new Wheel<string>(0).put(10_000, 'far')).toThrow('ahead');
  });
});
