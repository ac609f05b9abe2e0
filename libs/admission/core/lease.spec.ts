import { DEFAULT_LEASE_TERMS, goneBeforeMs, leaseTerms, settleMsMax } from './lease.js';

describe('lease terms', () => {
  it('are the design’s when nothing is replaced', () => {
    expect(leaseTerms()).toEqual(DEFAULT_LEASE_TERMS);
  });

  it('follow the life of a lease when only that is given', () => {
    expect(leaseTerms({ confirmedMs: 6_000 })).toEqual({
      pendingMs: 16_000,
      confirmedMs: 6_000,
      renewEveryMs: 2_000,
      fenceMarginMs: 1_000,
      recoveryMs: 6_000,
      silenceMaxMs: 3_000,
      waiterMs: 5_000,
    });
    for (let confirmedMs = 4_000; confirmedMs < 120_000; confirmedMs += 997) leaseTerms({ confirmedMs });
  });

  it('leave time to see a loss, to settle it and to be late, however short the life', () => {
    expect([settleMsMax(leaseTerms()), goneBeforeMs(leaseTerms())]).toEqual([2_250, 2_250]);
    const short = leaseTerms({ confirmedMs: 4_000 });
    expect([short.fenceMarginMs, settleMsMax(short), goneBeforeMs(short)]).toEqual([1_000, 250, 250]);
    expect(() => leaseTerms({ fenceMarginMs: 999 })).toThrow('lease fenceMarginMs must be at least 1000, is 999');
  });

  it.each([
    [
      3_900,
      'lease renewEveryMs + 10 % + 1500 ms for a second try (2930 ms) must be less than confirmedMs - fenceMarginMs (2900 ms)',
    ],
    [
      3_000,
      'lease renewEveryMs + 10 % + 1500 ms for a second try (2600 ms) must be less than confirmedMs - fenceMarginMs (2000 ms)',
    ],
  ])('are refused with a life of %d ms, in which no renewal could fail and be tried again', (confirmedMs, message) => {
    expect(() => leaseTerms({ confirmedMs })).toThrow(message);
  });

  it('are refused when a holder would learn of its loss too late', () => {
    expect(() => leaseTerms({ renewEveryMs: 24_000 })).toThrow(
      'lease renewEveryMs + 10 % + 1500 ms for a second try (27900 ms) must be less than confirmedMs - fenceMarginMs (25000 ms)',
    );
  });

  it('are refused when an outage in which leases lapse could go unnoticed', () => {
    expect(() => leaseTerms({ silenceMaxMs: 19_000 })).toThrow(
      /silenceMaxMs \(19000 ms\) must be less than confirmedMs/,
    );
  });

  it('are refused when a healthy system would look like an outage', () => {
    expect(() => leaseTerms({ silenceMaxMs: 10_500 })).toThrow(/must be less than silenceMaxMs/);
  });

  it.each([0, -1, 1.5, Number.NaN])('are refused with a time of %s', (ms) => {
    expect(() => leaseTerms({ pendingMs: ms })).toThrow('lease pendingMs must be a positive integer');
  });
});
