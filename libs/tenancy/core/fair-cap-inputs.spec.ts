import type { z } from 'zod';
import { parseAmount } from '@trunkline/kernel';
import { TenantLimitsInput } from './limits-input.js';
import { ApplyPresetInput, CreatePoolInput, UpdatePoolInput } from './pool-inputs.js';
import { SetKeyShareInput, SetShareInput } from './share-inputs.js';

function problem(schema: z.ZodType, input: object): string {
  const parsed = schema.safeParse(input);
  return parsed.success ? 'accepted' : parsed.error.issues.map((issue) => issue.message).join('; ');
}
const NOT_WHOLE = [-1, 1.5, Number.NaN, Infinity, '1', true];

describe('the input for a pool', () => {
  const pool = (input: object) => problem(UpdatePoolInput, input);

  it('says nothing of what is not named', () => {
    expect(UpdatePoolInput.parse({})).toEqual({});
    expect(CreatePoolInput.parse({ slug: 'a' })).toEqual({ slug: 'a' });
    expect(problem(CreatePoolInput, {})).toMatch('slug must be');
  });

  it.each([
    ['weight', 0, 1_000],
    ['waitingMax', 0, 1_000],
    ['waitingPerTenantMax', 0, 1_000],
    ['tokensPerMinuteMax', 1, 1_000_000_000],
    ['tier', 1, 5],
    ['sessionsMax', 1, 1_000_000],
  ])('takes %s from %d to %d, whole', (name, min, max) => {
    for (const good of [min, max]) expect(pool({ [name]: good })).toBe('accepted');
    for (const bad of [min - 1, max + 1, ...NOT_WHOLE]) expect(pool({ [name]: bad })).toMatch(`${name} must be`);
  });

  it('takes caps and deployments by model, null to remove one', () => {
    expect(
      pool({ familyCaps: { 'gpt-live-1': 50, 'gpt-live-1.1': null }, deployments: { m: 'my-dep.1', n: null } }),
    ).toBe('accepted');
    for (const cap of [0, ...NOT_WHOLE]) expect(pool({ familyCaps: { m: cap } })).toMatch('a family cap must be');
    for (const model of ['', 'a b', '__proto__x', '-a']) {
      expect(pool({ familyCaps: { [model]: 1 } })).toMatch('a model is');
      expect(pool({ deployments: { [model]: 'd' } })).toMatch('a model is');
    }
    for (const name of ['', '-a', 'a b', 'a/b', 'x'.repeat(65)])
      expect(pool({ deployments: { m: name } })).toMatch('a deployment is');
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, 1]));
    expect(pool({ familyCaps: many })).toMatch('at most 100');
    expect(pool({ familyCaps: [1] })).toMatch('familyCaps must be an object');
  });

  it('takes an address without anything secret in it', () => {
    expect(UpdatePoolInput.parse({ upstreamUrl: 'https://a.example/v1//' })).toEqual({
      upstreamUrl: 'https://a.example/v1',
    });
    for (const url of ['a.example', 'ftp://a', 'https://u:p@a', 'https://a?key=1', 'https://a#b', 'javascript:1', 7])
      expect(pool({ upstreamUrl: url })).toMatch('upstreamUrl must be');
  });

  it('takes a key of one line, and repeats none', () => {
    expect(pool({ upstreamKey: 'sk-12345' })).toBe('accepted');
    for (const key of ['', 'short', 'sk-1234 5678', 'sk-canary\n-5678', 'sk-canäry-123', 'x'.repeat(513), 12345678]) {
      expect(pool({ upstreamKey: key })).toMatch('upstreamKey must be');
      expect(pool({ upstreamKey: key })).not.toMatch('can');
    }
  });

  it('refuses what it does not know', () => {
    expect(pool({ vendor: 'other' })).toBe('vendor must be "openai" or "azure"');
    expect(pool({ status: 'off' })).toBe('status must be "active" or "draining"');
    expect(pool({ upstreamKeySealed: 'v1.x' })).toMatch('upstreamKeySealed');
    expect(pool({ slug: 'b' })).toMatch('slug');
    expect(problem(ApplyPresetInput, { tier: 3 })).toBe('accepted');
    expect(problem(ApplyPresetInput, { tier: 3, caps: 'all' })).toBe('caps must be "documented" or "launch"');
  });
});

describe('the input for a share', () => {
  it('takes whole lines and weights in their ranges', () => {
    expect(problem(SetShareInput, { floor: 0, ceiling: 1, weight: 1_000 })).toBe('accepted');
    expect(problem(SetShareInput, { ceiling: null })).toBe('accepted');
    for (const bad of NOT_WHOLE) expect(problem(SetShareInput, { floor: bad })).toMatch('floor must be');
    for (const bad of [0, ...NOT_WHOLE]) expect(problem(SetShareInput, { ceiling: bad })).toMatch('ceiling must be');
    for (const bad of [0, 1_001, ...NOT_WHOLE])
      expect(problem(SetShareInput, { weight: bad })).toMatch('weight must be');
  });

  it('has no weight for a key', () => {
    expect(problem(SetKeyShareInput, { floor: 1, ceiling: 2 })).toBe('accepted');
    expect(problem(SetKeyShareInput, { weight: 2 })).toMatch('weight');
  });
});

describe('the input for limits', () => {
  const limits = (input: object) => problem(TenantLimitsInput, input);

  it.each([
    ['waitMsMax', 0, 120_000],
    ['reconnectGraceMs', 0, 60_000],
    ['idleReclaimMs', 5_000, 86_400_000],
    ['sessionMsMax', 10_000, 86_400_000],
    ['sessionsPerMinuteMax', 1, 1_000_000],
    ['tokensPerMinuteMax', 1, 1_000_000_000],
  ])('takes %s from %d to %d, whole', (name, min, max) => {
    for (const good of [min, max]) expect(limits({ [name]: good })).toBe('accepted');
    for (const bad of [min - 1, max + 1, ...NOT_WHOLE])
      expect(limits({ [name]: bad })).toMatch(`${name} must be a whole number from ${min} to ${max}`);
  });

  it('takes null where there can be no limit, and only there', () => {
    const none = { idleReclaimMs: null, sessionMsMax: null, sessionsPerMinuteMax: null, tokensPerMinuteMax: null };
    expect(limits({ ...none, spendSessionMax: null, spendDayMax: null, spendMonthMax: null })).toBe('accepted');
    for (const name of ['waitMsMax', 'reconnectGraceMs', 'overBudget']) expect(limits({ [name]: null })).toMatch(name);
  });

  it('takes amounts as decimal text above nothing', () => {
    expect(TenantLimitsInput.parse({ spendDayMax: '0.25' })).toEqual({ spendDayMax: parseAmount('0.25') });
    for (const bad of ['0', '-1', '1e3', '5 USD', '', '0.0000000000001', 5])
      expect(limits({ spendDayMax: bad })).toMatch('spendDayMax must be an amount in US dollars above 0');
  });

  it('knows three ways out of a budget', () => {
    for (const way of ['finish_turn', 'block_turns', 'cut']) expect(limits({ overBudget: way })).toBe('accepted');
    expect(limits({ overBudget: 'warn' })).toBe('overBudget must be "finish_turn", "block_turns" or "cut"');
  });
});
