import {
  durationIn,
  durationOf,
  durationOrNone,
  durationText,
  listOrNone,
  numberOf,
  numberOrNone,
  orNull,
  pairsOf,
  wholeIn,
} from './flag-values.js';

describe('the value of a flag', () => {
  it.each([
    ['0', 0],
    ['250', 250],
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
  ])('is a duration: %s', (text, ms) => expect(durationOf(text)).toBe(ms));

  it.each(['', '10 s', '-1s', '1.5s', '10x', 's', '1d', '1e3', 'none'])('is no duration: %j', (text) =>
    expect(() => durationOf(text)).toThrow('Write a duration such as 500ms, 10s, 5m or 1h'),
  );

  it.each([
    [0, '0'],
    [1_500, '1500ms'],
    [10_000, '10s'],
    [120_000, '2m'],
    [86_400_000, '24h'],
  ])('of %d ms is written as it is read', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(durationOf(text)).toBe(ms);
  });

  it('is within its bounds, both ends included', () => {
    const bounds = { min: 5_000, max: 60_000 };
    expect(['5s', '1m'].map(durationIn(bounds))).toEqual([5_000, 60_000]);
    for (const text of ['4s', '61s']) expect(() => durationIn(bounds)(text)).toThrow('from 5s to 1m.');
    expect(['5000', '60000'].map(wholeIn(bounds))).toEqual([5_000, 60_000]);
    for (const text of ['4999', '60001', '5000.5', '', 'x'])
      expect(() => wholeIn(bounds)(text)).toThrow('5000 to 60000');
  });

  it('is null for none, where there can be none', () => {
    const read = [durationOrNone, numberOrNone, listOrNone];
    expect(read.map((each) => orNull<unknown>(each('none')))).toEqual([null, null, null]);
    expect(read.map((each) => orNull<unknown>(each('2')))).toEqual([2, 2, ['2']]);
    expect(orNull(undefined)).toBeUndefined();
  });

  it('is not zero when it is empty, as an unset variable of a script is', () => {
    expect(numberOf('')).toBeNaN();
    expect(numberOrNone(' ')).toBeNaN();
  });

  it('gathers what is repeated, the last of a name wins', () => {
    const caps = pairsOf(numberOf, 'gpt-live-1=50');
    expect(caps('a=3', caps('b=none', caps('a=2')))).toEqual({ a: 3, b: null });
    for (const text of ['a', '=2', 'a=', '']) expect(() => caps(text)).toThrow('Write it as gpt-live-1=50');
  });
});
