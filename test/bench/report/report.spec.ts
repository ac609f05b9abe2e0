import { flawless } from '../workload/sequence.js';
import type { Sample } from '../run/rounds.js';
import { goalRows, isIntact } from './goals.js';
import { median, Results } from './medians.js';
import { histogramQuantile } from './spool-wait.js';
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
    expect(results.ratio('trunkline', 'nginx', 'voice-200', 'cpuUsPerMessage')).toBe(1.5);
  });

  it('of added latency are over the direct lane', () => {
    const samples = [
      sample('direct', 'voice-50', 1, { p50Us: 100 }),
      sample('nginx', 'voice-50', 1, { p50Us: 140 }),
      sample('trunkline', 'voice-50', 1, { p50Us: 150 }),
    ];
    const results = new Results(samples, ['direct', 'nginx', 'trunkline']);
    expect(results.addedRatio('trunkline', 'nginx', 'voice-50', 'p50Us')).toBe(1.25);
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

  it('gives its quantile, interpolated within a bucket', () => {
    expect(histogramQuantile(text, 'wait_seconds', 0.99)).toBeCloseTo(0.003);
    expect(histogramQuantile(text, 'wait_seconds', 0.5)).toBeCloseTo(0.00055555);
  });

  it('that is not there gives nothing', () => {
    expect(histogramQuantile(text, 'other_seconds', 0.99)).toBeNull();
  });
});
