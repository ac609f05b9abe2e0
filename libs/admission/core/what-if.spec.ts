import { trustedId } from '@trunkline/kernel';
import type { Arrival } from './arrivals.js';
import { lineRequest, type RequestParts } from './lease-builders.conformance.js';
import { whatIf } from './what-if.js';

function call(tenant: string, atMs: number, lastsMs: number, waitMs = 0): Arrival {
  return {
    atMs,
    lastsMs,
    waitMs,
    tenantId: trustedId('tnt', `tnt_${tenant}`),
    keyId: trustedId('key', `key_${tenant}`),
    family: 'gpt-realtime',
  };
}

/** One line, unless said otherwise. At 0 a calls for 10 s; at 1 s b, at 2 s c; at 30 s, when all is over, b again. */
function aMorning(waitMs: number, parts: RequestParts = { caps: { pool: 1 } }) {
  const calls = [
    call('a', 0, 10_000, waitMs),
    call('b', 1_000, 5_000, waitMs),
    call('c', 2_000, 5_000, waitMs),
    call('b', 30_000, 1_000, waitMs),
  ];
  const report = whatIf(calls, [lineRequest(parts).plan]);
  return { report, of: (tenant: string) => report.tenants.find(({ tenantId }) => tenantId === `tnt_${tenant}`) };
}

describe('a what-if', () => {
  it('refuses whoever finds no line and may not wait', () => {
    const { report, of } = aMorning(0);
    expect(report.calls).toBe(4);
    expect(of('a')).toMatchObject({ calls: 1, admitted: 1, refused: {} });
    expect(of('b')).toMatchObject({ calls: 2, admitted: 1, refused: { pool: 1 } });
    expect(of('c')).toMatchObject({ calls: 1, admitted: 0, refused: { pool: 1 } });
  });

  it('lets wait as long as may be, and says how long that took', () => {
    // b has the line from 10 to 15 s, so c, who came at 2 s, would have to wait for 13 s.
    const short = aMorning(10_000);
    expect(short.of('b')?.waited).toMatchObject({ calls: 1, meanMs: 9_000, maxMs: 9_000 });
    expect(short.of('c')).toMatchObject({ admitted: 0, refused: { time_up: 1 } });
    expect(aMorning(13_001).of('c')).toMatchObject({ admitted: 1, waited: { calls: 1, maxMs: 13_000 } });
  });

  it('refuses nobody where there are lines enough', () => {
    const { report, of } = aMorning(0, { caps: { pool: 3 } });
    expect(['a', 'b', 'c'].map((tenant) => of(tenant)?.admitted)).toEqual([1, 2, 1]);
    expect(report.pools[0]).toMatchObject({ lines: { peak: 3 }, contended: 0, fairness: null });
  });

  it('keeps floors free for their tenants', () => {
    const { report, of } = aMorning(0, { caps: { pool: 2 }, shares: { c: { floor: 1 } } });
    expect(report.floorViolations).toBe(0);
    expect(of('b')).toMatchObject({ refused: { pool: 1 } });
    expect(of('c')).toMatchObject({ admitted: 1 });
  });

  it('does not accept calls out of their order', () => {
    const { plan } = lineRequest({ caps: { pool: 1 } });
    expect(() => whatIf([call('a', 5, 1), call('a', 4, 1)], [plan])).toThrow(RangeError);
  });
});
