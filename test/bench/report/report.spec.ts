import { flawless } from '../workload/sequence.js';
import type { Sample } from '../run/rounds.js';
import { goalRows, isIntact } from './goals.js';
import { median, Results } from './medians.js';
import { quantileBetween, readBuckets } from '../run/spool-wait.js';
import { goalTable, laneTables } from './table.js';

const sample = (lane: string, cell: string, round: number, figures: Record<string, number>): Sample => ({
  ...{ lane, cell, round, figures, integrity: flawless(), endedEarly: 0, faults: [] },
});

describe('medians', () => {
  it('are the middle, and nothing for nothing', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 3])).toBe(2);
    expect(median([])).toBeNull();
  });

  it('of ratios compare lanes within a round, so that a slow round moves none', () => {
    const rounds = [1, 10, 1].flatMap((slowness, round) => [
      sample('nginx', 'voice-200', round, { cpuUsPerMessage: 10 * slowness }),
      sample('trunkline', 'voice-200', round, { cpuUsPerMessage: 15 * slowness }),
    ]);
    const results = new Results(rounds, ['nginx', 'trunkline']);
    expect(results.ratio('trunkline', 'voice-200', 'cpuUsPerMessage')).toBe(1.5);
  });

  it('of added latency are over the direct lane', () => {
    const samples = [
      sample('direct', 'voice-50', 1, { p50Us: 100 }),
      sample('nginx', 'voice-50', 1, { p50Us: 140 }),
      sample('trunkline', 'voice-50', 1, { p50Us: 150 }),
    ];
    const results = new Results(samples, ['direct', 'nginx', 'trunkline']);
    expect(results.addedRatio('trunkline', 'voice-50', 'p50Us')).toBe(1.25);
  });
});

describe('a lane over TLS', () => {
  it('is compared with nginx over TLS, also as the twin of a plain lane', () => {
    const samples = [
      sample('nginx', 'voice-200', 1, { cpuUsPerMessage: 1 }),
      sample('nginx-tls', 'voice-200', 1, { cpuUsPerMessage: 10 }),
      sample('trunkline-tls', 'voice-200', 1, { cpuUsPerMessage: 15 }),
    ];
    const results = new Results(samples, ['nginx', 'nginx-tls', 'trunkline-tls']);
    expect(results.ratio('trunkline-tls', 'voice-200', 'cpuUsPerMessage')).toBe(1.5);
    expect(goalRows(results, 'trunkline').find(({ id }) => id === 'R7')).toMatchObject({ value: 1.5, met: true });
  });
});

describe('goals', () => {
  const measured = (cpuUsPerMessage: number): Sample[] => [
    sample('nginx', 'voice-200', 1, { cpuUsPerMessage: 10 }),
    sample('trunkline', 'voice-200', 1, { cpuUsPerMessage }),
  ];
  const row = (samples: Sample[], id: string): ReturnType<typeof goalRows>[number] | undefined =>
    goalRows(new Results(samples, ['nginx', 'trunkline']), 'trunkline').find((candidate) => candidate.id === id);

  it('are met at their limit and missed above it', () => {
    expect(row(measured(16), 'R1')).toMatchObject({ value: 1.6, met: true, stretchMet: false });
    expect(row(measured(16.1), 'R1')).toMatchObject({ met: false });
  });

  it('that nobody measured are neither met nor missed', () => {
    expect(row(measured(16), 'R2')).toMatchObject({ value: null, met: null, stretchMet: null });
  });

  it('about a peer are held against it within a round, and unmentioned where it was not measured', () => {
    const samples = [2, 4, 400].flatMap((factor, round) => [
      sample('nginx', '2.5KB', round, { messagesPerCpuSecond: 1 }),
      sample('trunkline', '2.5KB', round, { messagesPerCpuSecond: 10 * factor }),
      sample('portkey', '2.5KB', round, { messagesPerCpuSecond: 10 }),
    ]);
    const about = (lanes: string[]) =>
      goalRows(new Results(samples, lanes), 'trunkline').find(({ unit }) => unit === 'x portkey');
    expect(about(['nginx', 'trunkline', 'portkey'])).toMatchObject({ id: 'R3', value: 4, met: true });
    expect(about(['nginx', 'trunkline'])).toBeUndefined();
  });

  it('fail on a single wrong frame', () => {
    const samples = measured(16);
    expect(row(samples, 'R10')).toMatchObject({ value: 0, met: true });
    const broken = [...samples, { ...sample('trunkline', '2.5KB', 1, {}), integrity: { ...flawless(), altered: 1 } }];
    expect(row(broken, 'R10')).toMatchObject({ value: 1, met: false });
    expect(isIntact(broken, 'trunkline')).toBe(false);
    expect(isIntact(broken, 'nginx')).toBe(true);
  });
});

describe('the tables', () => {
  it('show measured cells only, with the ratio to nginx', () => {
    const samples = [
      sample('nginx', 'voice-200', 1, { cpuUsPerMessage: 10 }),
      sample('trunkline', 'voice-200', 1, { cpuUsPerMessage: 12.345 }),
    ];
    const results = new Results(samples, ['nginx', 'trunkline']);
    expect(laneTables(results)).toContain('12.3 (1.23)');
    expect(laneTables(results)).not.toContain('Handshakes');
    expect(goalTable(goalRows(results, 'trunkline'))).toContain('not measured');
  });
});

describe('a Prometheus histogram', () => {
  const text = [
    'wait_seconds_bucket{le="0.001"} 90',
    'wait_seconds_bucket{le="0.002"} 98',
    'wait_seconds_bucket{le="0.004"} 100',
    'wait_seconds_bucket{le="+Inf"} 100',
  ].join('\n');

  it('gives its quantile in milliseconds, interpolated within a bucket', () => {
    const buckets = readBuckets(text, 'wait_seconds');
    expect(quantileBetween(new Map(), buckets, 0.99)).toBeCloseTo(3);
    expect(quantileBetween(new Map(), buckets, 0.5)).toBeCloseTo(0.5556);
  });

  it('counts only what was observed between two readings', () => {
    const before = readBuckets(text, 'wait_seconds');
    const after = new Map([...before].map(([bound, count]) => [bound, count + (bound >= 0.004 ? 10 : 0)]));
    expect(quantileBetween(before, after, 0.5)).toBeCloseTo(3);
    expect(quantileBetween(before, before, 0.5)).toBeNull();
  });

  it('knows nothing above its last finite bound', () => {
    const slow = new Map([...readBuckets(text, 'wait_seconds')].map(([bound]) => [bound, bound === Infinity ? 5 : 0]));
    expect(quantileBetween(new Map(), slow, 0.99)).toBe(4);
  });

  it('that is not there gives nothing', () => {
    expect(quantileBetween(new Map(), readBuckets(text, 'other_seconds'), 0.99)).toBeNull();
  });
});
