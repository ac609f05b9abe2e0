import type { DifferenceView, RunView } from '@trunkline/reporting/adapters/prisma';
import { runPage, runsPage } from './reconcile-page.js';

const run: RunView = {
  ...{ id: 'rec_1', poolId: 'pool_1', day: '2026-11-21', stage: 'final', trigger: 'schedule', actor: 'worker' },
  ...{ compared: 4, equal: 3, unbooked: 0, oursCost: '1.5', theirsCost: null, unexplained: '2.25', alarming: true },
  ...{ ranAt: '2026-11-28T06:00:00.000Z', classes: { foreign_use: 1 }, notes: 0 },
};
const difference: DifferenceView = {
  ...{ line: 1, class: 'foreign_use', upstreamKeyId: 'key_<b>', model: 'voice', meter: 'output_audio', lineItem: null },
  ...{ ours: '0', estimated: '0', theirs: '5000', difference: '5000', amount: '0.32' },
};

describe('the pages of reconciliation', () => {
  it('are loud about foreign use and say what the vendor has not got yet', () => {
    const text = runsPage([run]);
    expect(text).toContain('FOREIGN USE');
    expect(text).toContain('not yet');
    expect(text).toContain('href="/admin/reconciliation/rec_1"');
  });

  it('show each difference with its class and amount, and escape what the vendor wrote', () => {
    const text = runPage(run, [difference], []);
    expect(text).toContain('foreign use');
    expect(text).toContain('0.32');
    expect(text).toContain('key_&lt;b&gt;');
    expect(text).not.toContain('key_<b>');
  });

  it('say what to do when there is nothing', () => {
    expect(runsPage([])).toContain('OPENAI_ADMIN_KEY');
  });
});
