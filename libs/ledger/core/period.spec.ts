import fc from 'fast-check';
import { calendarOf, firstOpenFrom, isTimeZone, nextPeriod, parsePeriod, previousPeriod } from './period.js';

const at = (iso: string): number => Date.parse(iso);
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'];

describe('the months of a time zone', () => {
  it.each([
    ['UTC', '2026-11-30T23:59:59.999Z', '2026-11'],
    ['UTC', '2026-12-01T00:00:00.000Z', '2026-12'],
    ['Europe/Berlin', '2026-11-30T22:59:59.999Z', '2026-11'],
    ['Europe/Berlin', '2026-11-30T23:00:00.000Z', '2026-12'],
    ['America/New_York', '2026-12-01T04:59:59.999Z', '2026-11'],
    ['Asia/Kolkata', '2026-11-30T18:30:00.000Z', '2026-12'],
    // Summer time: Berlin is two hours ahead of UTC when August begins, one when November does.
    ['Europe/Berlin', '2026-07-31T21:59:59.999Z', '2026-07'],
    ['Europe/Berlin', '2026-07-31T22:00:00.000Z', '2026-08'],
    ['Europe/Berlin', '2026-10-31T23:00:00.000Z', '2026-11'],
    // In Asunción, 1 October 2017 had no midnight: its first instant was one o'clock.
    ['America/Asuncion', '2017-10-01T03:59:59.999Z', '2017-09'],
    ['America/Asuncion', '2017-10-01T04:00:00.000Z', '2017-10'],
  ])('%s: %s is in %s', (zone, instant, period) => {
    expect(calendarOf(zone).periodOf(at(instant))).toBe(period);
  });

  it('follow each other without gap or overlap, and hold every instant', () => {
    const instants = fc.integer({ min: at('1990-01-01T00:00:00Z'), max: at('2037-12-31T00:00:00Z') });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (zone, instant) => {
        const calendar = calendarOf(zone);
        const period = calendar.periodOf(instant);
        const { fromMs, toMs } = calendar.boundsOf(period);
        expect(fromMs <= instant && instant < toMs).toBe(true);
        expect(calendar.boundsOf(nextPeriod(period)).fromMs).toBe(toMs);
        expect([calendar.periodOf(toMs), calendar.periodOf(toMs - 1)]).toEqual([nextPeriod(period), period]);
      }),
    );
  });

  it('have names that sort by time, and neighbours', () => {
    expect([nextPeriod('2026-12'), previousPeriod('2027-01'), nextPeriod('2026-08')]).toEqual([
      ...['2027-01', '2026-12', '2026-09'],
    ]);
  });

  it.each(['2026-13', '2026-1', '26-11', '2026-11-01', ''])('%s is no period', (text) => {
    expect(parsePeriod(text)).toBeNull();
  });
});

describe('time zones', () => {
  it.each(['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires'])('%s is one', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  it.each(['+05:00', 'Europe/Atlantis', '', 'local', '../etc'])('%s is none', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

describe('the period of a booking', () => {
  it('is the one that it is about, or the first after it that is not closed', () => {
    expect(firstOpenFrom('2026-11', () => false)).toBe('2026-11');
    expect(firstOpenFrom('2026-11', (period) => period < '2027-02')).toBe('2027-02');
  });
});
