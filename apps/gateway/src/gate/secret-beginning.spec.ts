import { trustedId } from '@trunkline/kernel';
import { parseModerationPolicy, type HookBinding, type ModerationHook, type Verdict } from '@trunkline/moderation';
import { SECRET_REFUSED } from '@trunkline/tenancy';
import { eventually } from '../../../../test/support/poll.js';
import { BAD, bindingOf } from './gate-builders.conformance.js';
import type { GatePolicy } from './gate-ports.js';
import { SecretBeginning } from './secret-beginning.js';
import { UnopenedSessions } from './unopened-sessions.js';

const sessionId = trustedId('ses', 'ses_a');
const who = { sessionId, endUser: null, poolId: trustedId('pool', 'pool_a') };

function gateOf(version: number, action: 'block' | 'redact' | 'flag'): GatePolicy {
  return gateWith(version, bindingOf(BAD, { otherwise: { atLeast: 0, action } }));
}

function gateWith(version: number, ...bindings: readonly HookBinding[]): GatePolicy {
  const policy = parseModerationPolicy({ version: 1 });
  if (!policy.ok) throw new Error(policy.error.join());
  return { version, policy: policy.value, bindings };
}

/** A secret that was judged by a version, under a policy in force. */
function beginningUnder(gate: GatePolicy | null, judgedBy: number | null, uses = 0) {
  const findings: unknown[] = [];
  const parts = {
    gates: { of: () => gate },
    unopened: new UnopenedSessions(),
    replicaId: 'rep_a',
    clock: { nowMs: () => 0 },
    log: { info: () => undefined },
    metrics: { moderated: (word: unknown) => findings.push(word), passed: () => undefined },
    journal: { pressure: () => 'none', append: () => Promise.resolve() },
  };
  const secret = {
    ...{ tenantId: trustedId('tnt', 'tnt_a'), keyId: trustedId('key', 'key_a'), judgedBy },
    session: { type: 'realtime', model: 'gpt-realtime', instructions: 'forbidden' },
    ...{ uses, usesMax: 2 },
  };
  return { beginning: new SecretBeginning(parts as never, secret), findings, unopened: parts.unopened };
}

describe('the beginning of a client secret', () => {
  it('is judged by nobody again while the policy is the one that judged it, nor without one', async () => {
    for (const [gate, judgedBy] of [[gateOf(3, 'block'), 3] as const, [null, 3] as const]) {
      const { beginning, findings } = beginningUnder(gate, judgedBy);
      expect([beginning.isJudged, await beginning.judge(who), findings]).toEqual([true, null, []]);
    }
  });

  it('is judged again by another version, and by the first that there is', async () => {
    for (const judgedBy of [2, null]) {
      const { beginning, findings } = beginningUnder(gateOf(3, 'block'), judgedBy);
      expect(beginning.isJudged).toBe(false);
      expect(await beginning.judge(who)).toMatchObject({ code: 'content_blocked' });
      expect(findings).toMatchObject([{ action: 'block' }]);
    }
  });

  it('opens sessions where that version lets it through as it is, and not where it would change it', async () => {
    const flagged = beginningUnder(gateOf(3, 'flag'), 2);
    expect([await flagged.beginning.judge(who), flagged.beginning.isJudged]).toEqual([null, true]);
    const redacted = beginningUnder(gateOf(3, 'redact'), 2);
    expect(await redacted.beginning.judge(who)).toMatchObject({ code: 'content_blocked' });
  });

  it('is of a session that is known until its dry runs have told, whose account they ask with', async () => {
    let answer: (verdict: Verdict) => void = () => undefined;
    const slow: ModerationHook = { ...BAD, inspect: () => new Promise((resolve) => (answer = resolve)) };
    const dry = bindingOf(slow, { dryRun: true, deadlineMs: 60_000 });
    const { beginning, unopened } = beginningUnder(gateWith(3, dry), 2);
    expect(await beginning.judge(who)).toBeNull();
    expect(unopened.get(sessionId)).toMatchObject({ id: sessionId, poolId: who.poolId });
    answer({ action: 'block', findings: [] });
    await eventually('the session is forgotten', () => (unopened.get(sessionId) === null ? true : null));
  });

  it('is judged for nobody who has no use of it left', async () => {
    const usedUp = beginningUnder(gateOf(3, 'block'), 2, 2);
    expect([await usedUp.beginning.judge(who), usedUp.findings]).toEqual([SECRET_REFUSED, []]);
    const last = beginningUnder(gateOf(3, 'block'), 2, 1);
    expect(await last.beginning.judge(who)).toMatchObject({ code: 'content_blocked' });
  });
});
