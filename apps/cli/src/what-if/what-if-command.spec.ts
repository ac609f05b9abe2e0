import { mintId, trustedId } from '@trunkline/kernel';
import { compilePolicy, DEFAULT_LIMITS } from '@trunkline/tenancy';
import type { PoolPlan } from '@trunkline/admission';
import { formatAnswer } from '../output.js';
import type { Question } from './question.js';
import type { Replay, Setting, Tally } from './replay.js';
import { answerOf } from './what-if-command.js';

const BOTS = mintId('tnt', 1, (n) => new Uint8Array(n));
const limits = { ...DEFAULT_LIMITS, waitMsMax: 5_000, sessionsPerMinuteMax: 30 };
const policy = compilePolicy({
  ...{ version: 1n, keys: [], pools: [], tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [] },
  tenants: [{ id: BOTS, slug: 'bots', name: 'Bots', status: 'active', sessionsMax: 7, limits }],
});
const present: PoolPlan = {
  ...{ poolId: trustedId('pool', 'pool_p'), version: 1, sessionsMax: 10, familyMax: {}, shares: {} },
  ...{ waitingMax: 200, waitingPerTenantMax: 20 },
};
const call = { tenantId: BOTS, keyId: trustedId('key', 'key_k'), family: 'gpt-realtime', atMs: 0, lastsMs: 1 };
const question: Question = { policy, calls: [call], note: '1 call.', present, changed: { ...present, sessionsMax: 5 } };

/** Refuses one call for each line that a pool has less than ten; remembers what it was asked. */
function aReplay(): { readonly replay: Replay; readonly settings: Setting[] } {
  const settings: Setting[] = [];
  const replay: Replay = (_, setting) => {
    settings.push(setting);
    const refused = 10 - (setting.plan.sessionsMax ?? 0);
    const all: Tally = { calls: 100, waited: 20, refused, waitMeanMs: 1_500, waitP95Ms: 4_000, floorViolations: 0 };
    return { all, tenants: new Map([[BOTS, all]]), fairness: 0.9987 };
  };
  return { replay, settings };
}

describe('a what-if', () => {
  it('shows both configurations side by side, and per tenant what would change', () => {
    const lines = formatAnswer(answerOf(question, undefined, aReplay().replay), false).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^let in at once +80 +75$/),
        expect.stringMatching(/^refused +0 +5$/),
        expect.stringMatching(/^fairness \(Jain\) +0.999 +0.999$/),
        expect.stringMatching(/^bots +100 +20 +1.5s +4.0s +0 -> 5 +0$/),
      ]),
    );
  });

  it('replays the present with its own limits, and another wait only in the changed one', () => {
    const { replay, settings } = aReplay();
    answerOf(question, 9_000, replay);
    expect(settings.map(({ plan, waitMsOf }) => [plan.sessionsMax, waitMsOf(BOTS)])).toEqual([
      [10, 5_000],
      [5, 9_000],
    ]);
    expect(settings[0]?.ownOf(call)).toEqual({ keySessionsMax: null, tenantSessionsMax: 7, sessionsPerMinuteMax: 30 });
  });
});
