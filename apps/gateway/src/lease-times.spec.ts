import { DEFAULT_LEASE_TERMS, leaseTerms } from '@trunkline/admission';
import { ConfigRefused } from '@trunkline/platform/config';
import { assertTimesFit } from './lease-times.js';

const use = { dialMsMax: 13_000, lends: false };

describe('the times of lines', () => {
  it('are by default enough for the longest dial, and for lending', () => {
    expect(() => assertTimesFit(DEFAULT_LEASE_TERMS, { ...use, lends: true })).not.toThrow();
  });

  it('are refused where a reservation may lapse before its line is confirmed, with the sum', () => {
    const assertPending = (pendingMs: number) => () => assertTimesFit(leaseTerms({ pendingMs }), use);
    expect(assertPending(15_501)).not.toThrow();
    expect(assertPending(15_500)).toThrow(ConfigRefused);
    expect(assertPending(15_500)).toThrow(
      '--lease-pending-ttl: 15500 ms must be more than 15500 ms: a dial may take 13000 ms, and looking at the budget before it and confirming the line after it 2500 ms',
    );
  });

  it('are refused where a line that is lent could not outlast a dial', () => {
    const terms = leaseTerms({ confirmedMs: 6_000 });
    expect(() => assertTimesFit(terms, use)).not.toThrow();
    expect(() => assertTimesFit(terms, { ...use, lends: true })).toThrow('--redis-away: static-share lends no line');
  });
});
