import type { TenantLimits } from '@trunkline/tenancy';
import { dollars, rig, settled, TENANT, unreachable } from './budget-builders.conformance.js';
import { BLOCKED_IN_A_ROW_MAX } from './turn-budget.js';

const LIMITS = { dayMax: null, monthMax: null, tokensPerMinuteMax: null };
/** A turn of another process. */
const ELSEWHERE = { tenantId: TENANT, turnId: 'elsewhere', limits: LIMITS, tokens: 0 };
const month = (max: string, overBudget: TenantLimits['overBudget'] = 'finish_turn') => ({
  limits: { spendMonthMax: dollars(max), overBudget },
});

describe('a tenant that reaches its limit inside a session', () => {
  it('has its turn finished, and then the session ended', async () => {
    const { session } = rig(month('1'));
    const { seen, begin, report, turn } = session();
    await turn('a', '0.6');
    expect(seen.ended).toBe(false);
    await begin('b');
    expect(seen).toMatchObject({ ended: false, cancelled: [] });
    await report('b', '0.6');
    expect(seen).toMatchObject({ ended: true, cancelled: [], told: [] });
  });

  it('has a turn that was asked for and has not begun finished too: it is billed whoever hears of it', async () => {
    const { session } = rig(month('1'));
    const [one, asking, refused] = [session(), session(), session()];
    expect(await asking.ask('event_a')).toBe(true);
    expect(await refused.ask('event_r')).toBe(true);
    await one.turn('x', '2');
    expect([one.seen.ended, asking.seen.ended, refused.seen.ended]).toEqual([true, false, false]);
    await asking.turn('a', '0.1');
    refused.refused('event_r');
    await settled();
    expect([asking.seen.ended, refused.seen.ended]).toEqual([true, true]);
  });

  it('has the turns of its other sessions finished, and those that are idle ended', async () => {
    const { session } = rig(month('1'));
    const [one, talking, idle] = [session(), session(), session()];
    await talking.begin('t');
    await one.turn('a', '2');
    expect([one.seen.ended, talking.seen.ended, idle.seen.ended]).toEqual([true, false, true]);
    await talking.report('t', '0.1');
    expect(talking.seen).toMatchObject({ ended: true, cancelled: [] });
  });

  it('keeps its sessions under block_turns, and every new turn is cancelled with the reason', async () => {
    const { session, events } = rig(month('1', 'block_turns'));
    const { seen, begin, report, turn } = session();
    await turn('a', '1');
    await begin('b');
    expect(seen).toMatchObject({ ended: false, cancelled: ['b'], told: [{ code: 'insufficient_quota' }] });
    await report('b', '0.001');
    expect(seen.ended).toBe(false);
    expect(events.slice(-2)).toMatchObject([
      { kind: 'turn_blocked', when: 'begun', denial: { kind: 'spent', period: 'month' } },
      { kind: 'blocked_turn_cost', amount: dollars('0.001') },
    ]);
  });

  it('loses under block_turns a session that tries again and again, because each try costs', async () => {
    const { session } = rig(month('1', 'block_turns'));
    const { seen, turn } = session();
    await turn('a', '1');
    for (let i = 0; i < BLOCKED_IN_A_ROW_MAX; i += 1) await turn(`b${i}`, '0.001');
    expect(seen.ended).toBe(false);
    await turn('last', '0.001');
    expect(seen.ended).toBe(true);
  });

  it('loses under block_turns a session that only transcribes, where there is no turn to block', async () => {
    const { session } = rig(month('1', 'block_turns'));
    const { seen, transcribe } = session();
    await transcribe('a', '1');
    for (let i = 0; i < BLOCKED_IN_A_ROW_MAX; i += 1) await transcribe(`b${i}`, '0.001');
    expect(seen.ended).toBe(false);
    await transcribe('last', '0.001');
    expect(seen.ended).toBe(true);
  });

  it('has all its sessions cut under cut, whatever they do', async () => {
    const { session } = rig(month('1', 'cut'));
    const [one, talking] = [session(), session()];
    await talking.begin('t');
    await one.turn('a', '1');
    expect([one.seen.ended, talking.seen.ended]).toEqual([true, true]);
  });

  it('goes on when the limit was raised meanwhile', async () => {
    const { session, state, budgets } = rig(month('1', 'block_turns'));
    const { seen, begin, turn } = session();
    await turn('a', '1');
    state.limits = { ...state.limits, spendMonthMax: dollars('5') };
    await budgets.sync();
    await begin('b');
    expect(seen.cancelled).toEqual([]);
  });

  it('is told of 50, 80 and 100 % once, whichever session passes them', async () => {
    const { session, events } = rig(month('1'));
    const [one, other] = [session(), session()];
    await one.turn('a', '0.5');
    await other.turn('b', '0.4');
    await one.turn('c', '0.2');
    const told = events.flatMap((event) => (event.kind === 'threshold' ? [`${event.period} ${event.percent}`] : []));
    expect(told).toEqual(['month 50', 'month 80', 'month 100']);
  });
});

describe('a session whose last report never comes', () => {
  it('is ended under finish_turn when it goes on trying', async () => {
    const { session } = rig(month('1'));
    const { seen, begin, turn } = session();
    await begin('lost');
    await turn('a', '1');
    for (let i = 0; i < BLOCKED_IN_A_ROW_MAX; i += 1) await turn(`b${i}`, '0.001');
    expect(seen.ended).toBe(false);
    await turn('last', '0.001');
    expect(seen.ended).toBe(true);
  });
});

describe('a turn that begins', () => {
  it('is cancelled while what is left is reserved for others, and the session stays', async () => {
    const { session } = rig(month('1', 'cut'));
    const [one, other] = [session(), session()];
    await one.turn('first', '0.9');
    await one.begin('a');
    await other.begin('b');
    expect(other.seen).toMatchObject({ ended: false, cancelled: ['b'], told: [{ code: 'insufficient_quota' }] });
    await one.report('a', '0.05');
    await other.report('b', '0');
    await other.begin('c');
    expect(other.seen).toMatchObject({ ended: false, cancelled: ['b'] });
  });

  it('is cancelled while too many tokens went by in the last minute, and says when to try again', async () => {
    const { session } = rig({ limits: { tokensPerMinuteMax: 100 } });
    const { seen, begin, turn } = session();
    await turn('a', '0', 100);
    await begin('b');
    expect(seen).toMatchObject({ ended: false, cancelled: ['b'] });
    expect(seen.told).toMatchObject([{ code: 'rate_limit_exceeded', message: expect.stringContaining('60 s') }]);
  });

  it('holds nothing any more when its session is settled without a report', async () => {
    const { session } = rig(month('1'));
    const [one, other] = [session(), session()];
    await other.turn('first', '0.9');
    await other.begin('lost');
    other.close();
    await one.begin('a');
    expect(one.seen.cancelled).toEqual([]);
  });

  it('of a tenant without limits asks nobody', async () => {
    const { session, events } = rig({ store: unreachable() });
    await session().turn('a', '5');
    expect(events).toEqual([]);
  });
});

describe("a session's own limit", () => {
  it('ends it after the turn that crosses it, and leaves other sessions alone', async () => {
    const { session, events } = rig({ limits: { spendSessionMax: dollars('1') }, store: unreachable() });
    const [one, other] = [session(), session()];
    await one.turn('a', '0.5');
    expect(one.seen.ended).toBe(false);
    await one.turn('b', '0.5');
    expect([one.seen.ended, other.seen.ended]).toEqual([true, false]);
    const crossed = { kind: 'threshold', sessionId: 'ses_1', period: 'session' };
    expect(events).toMatchObject([50, 80, 100].map((percent) => ({ ...crossed, percent })));
  });
});

describe('while the store is away', () => {
  it('turns go on and sessions begin', async () => {
    const { session, budgets, events } = rig({ ...month('1'), store: unreachable() });
    const { seen, turn } = session();
    await turn('a', '5');
    expect(seen).toMatchObject({ ended: false, cancelled: [] });
    expect(await budgets.refusal(TENANT)).toBeNull();
    expect(events.every(({ kind }) => kind === 'unavailable')).toBe(true);
  });
});

describe('what the ledger recorded', () => {
  it('stops live sessions of a tenant that spent elsewhere', async () => {
    const { session, budgets } = rig({ ...month('1'), recorded: '1' });
    const { seen } = session();
    await budgets.sync();
    await settled();
    expect(seen.ended).toBe(true);
  });

  it('keeps new sessions out although the store knew nothing of it', async () => {
    const { budgets } = rig({ ...month('1'), recorded: '1' });
    expect(await budgets.refusal(TENANT)).toMatchObject({ code: 'budget_exceeded' });
  });

  it('does not keep a process from hearing what others spent when it does not answer', async () => {
    const records = { spentBy: () => new Promise<never>(() => undefined) };
    const { budgets, session, store } = rig({ ...month('1'), records, impatient: true });
    const { seen } = session();
    await store.settle({ ...ELSEWHERE, amount: dollars('1') });
    await budgets.sync();
    await settled();
    expect(seen.ended).toBe(true);
  });

  it('is not waited for when it does not answer', async () => {
    const records = { spentBy: () => new Promise<never>(() => undefined) };
    const { budgets } = rig({ ...month('1'), records, impatient: true });
    expect(await budgets.refusal(TENANT)).toBeNull();
  });
});

describe('a new session', () => {
  it('is refused with a time to come back while tokens per minute are used up', async () => {
    const { budgets, session } = rig({ limits: { tokensPerMinuteMax: 10 } });
    await session().turn('a', '0', 10);
    expect(await budgets.refusal(TENANT)).toMatchObject({ code: 'concurrency_limit_exceeded', retryAfterMs: 60_000 });
  });

  it('is refused until the next month when that of the tenant is spent', async () => {
    const { budgets, session, time } = rig(month('1'));
    await session().turn('a', '1');
    const refusal = await budgets.refusal(TENANT);
    expect(refusal).toMatchObject({ code: 'budget_exceeded' });
    const at = new Date(time.nowMs);
    expect(time.nowMs + (refusal?.retryAfterMs ?? 0)).toBe(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1));
  });

  it('may begin while what is left is only reserved', async () => {
    const { budgets, session } = rig(month('1'));
    const { turn, begin } = session();
    await turn('a', '0.6');
    await begin('b');
    expect(await budgets.refusal(TENANT)).toBeNull();
  });
});
