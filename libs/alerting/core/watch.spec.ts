import fc from 'fast-check';
import { stepWatch, type Watch, type WatchEvent, type WatchTerms } from './watch.js';

const TERMS: WatchTerms = { threshold: 90, clearBelow: 81, forMs: 1_000, repeatMs: null };

/** Steps through values a hundred milliseconds apart. @returns what was told, and when */
const told = (values: readonly number[], terms: WatchTerms = TERMS) => {
  let watch: Watch | null = null;
  const events: [number, WatchEvent][] = [];
  values.forEach((value, i) => {
    const step = stepWatch(watch, value, { terms, nowMs: i * 100 });
    watch = step.watch;
    if (step.tell !== null) events.push([i * 100, step.tell]);
  });
  return events;
};
const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe('a watched cause', () => {
  it('fires when it was bad for as long as the rule says, once', () => {
    expect(told(times(50, 95))).toEqual([[1_000, 'fired']]);
  });

  it('fires at the threshold itself, and at once where the rule waits for nothing', () => {
    expect(told([90], { ...TERMS, forMs: 0 })).toEqual([[0, 'fired']]);
  });

  it('is forgotten when it is well before it fired', () => {
    expect(told([...times(9, 95), 0, ...times(9, 95)])).toEqual([]);
  });

  it('is one alert while it hovers around the threshold', () => {
    const hovering = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 92 : 85));
    expect(told([...times(11, 95), ...hovering])).toEqual([[1_000, 'fired']]);
  });

  it('is over when it was well for as long, and not by a moment of it', () => {
    expect(told([...times(11, 95), ...times(5, 0), 95, ...times(11, 0)])).toEqual([
      [1_000, 'fired'],
      [2_700, 'resolved'],
    ]);
  });

  it('is told again only after the pause that the rule names', () => {
    expect(told(times(40, 95), { ...TERMS, repeatMs: 1_500 })).toEqual([
      [1_000, 'fired'],
      [2_500, 'repeated'],
    ]);
  });

  it('never fires twice without being over in between, whatever is measured', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 200 }), (values) => {
        const events = told(values, { ...TERMS, forMs: 300, repeatMs: 500 }).map(([, event]) => event);
        const turns = events.filter((event) => event !== 'repeated');
        turns.forEach((event, i) => expect(event).toBe(i % 2 === 0 ? 'fired' : 'resolved'));
      }),
    );
  });
});
