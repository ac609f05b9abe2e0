import { trustedId } from '@trunkline/kernel';
import { pool } from './policy-rows.conformance.js';
import { DRAINED_MS_MIN, removalProblem, type PoolRemoval, type PoolUse } from './remove-pool.js';

const UNUSED: PoolUse = { lines: 0, openSessions: 0, modelsUsed: [] };
const other = pool({ id: trustedId('pool', 'pool_b'), slug: 'b' });
/** Of a pool "a" that may be removed unless something is said. */
const problem = ({ use, ...removal }: Partial<Omit<PoolRemoval, 'use'>> & { use?: Partial<PoolUse> } = {}) =>
  removalProblem({
    pool: pool({ status: 'draining' }),
    others: [other],
    use: { ...UNUSED, ...use },
    unchangedMs: DRAINED_MS_MIN,
    isKnownModel: (model) => model.startsWith('gpt-'),
    ...removal,
  });

describe('the removal of a pool', () => {
  it('is allowed when it is drained and nobody is in it', () => {
    expect(problem()).toBeNull();
    expect(problem({ others: [] })).toBeNull();
    expect(problem({ use: { lines: null } })).toBeNull();
  });

  it('waits for a drain, and says how', () => {
    expect(problem({ pool: pool() })).toContain('`pool drain a`');
    expect(problem({ unchangedMs: DRAINED_MS_MIN - 1_001 })).toContain('Try again in 2 s');
  });

  it('waits for sessions, whether their lines can be seen or not', () => {
    expect(problem({ use: { lines: 1 } })).toContain('1 session open');
    expect(problem({ use: { lines: null, openSessions: 3 } })).toContain('3 sessions open');
  });

  it('is refused to the only route of a model in use', () => {
    const use = { modelsUsed: ['gpt-realtime', 'own-model', 'transcription'] };
    expect(problem({ use })).toContain('sessions with own-model within the last day');
    expect(problem({ use, others: [] })).toContain('sessions with gpt-realtime, own-model, transcription within');
    expect(problem({ use, others: [{ ...other, status: 'draining' }] })).toContain('gpt-realtime');
    expect(problem({ use, others: [other, { ...other, models: ['own-model'] }] })).toBeNull();
  });
});
