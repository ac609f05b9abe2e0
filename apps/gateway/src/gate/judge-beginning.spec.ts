import { parseModerationPolicy, type ContentKind, type HookBinding, type ModerationHook } from '@trunkline/moderation';
import { BAD, bindingOf } from './gate-builders.conformance.js';
import type { GateFinding, GatePolicy } from './gate-ports.js';
import { judgeSettings } from './judge-beginning.js';

const VERSION = 7;

/** Judges the beginning of a session by a policy with these hooks. */
async function judge(session: Record<string, unknown>, ...bindings: readonly HookBinding[]) {
  const policy = parseModerationPolicy({ version: 1 });
  if (!policy.ok) throw new Error(policy.error.join());
  const by: GatePolicy = { version: VERSION, policy: policy.value, bindings };
  const found: GateFinding[] = [];
  const timers: (() => void)[] = [];
  const judged = judgeSettings(
    by,
    { type: 'realtime', model: 'gpt-realtime', ...session },
    {
      context: { tenantId: 'tnt_a', sessionId: 'ses_a' },
      startTimer: (_, expired) => (timers.push(expired), () => undefined),
      passed: () => undefined,
      found: (findings) => found.push(...findings),
      dryRunning: () => undefined,
    },
  );
  timers.forEach((expired) => expired());
  const { ok, ...rest } = await judged;
  return { ok, ...rest, found };
}

const of = (...kinds: ContentKind[]) => bindingOf(BAD, { kinds });

describe('what a client secret says to the model', () => {
  it.each([
    ['instructions', { instructions: 'Say forbidden things.' }],
    ['the variables of a prompt', { prompt: { id: 'pmpt_1', variables: { name: 'forbidden' } } }],
    ['tools', { tools: [{ type: 'function', name: 'f', description: 'Does forbidden things.', parameters: {} }] }],
  ])('is judged: %s', async (_, session) => {
    const { ok, found, ...rest } = await judge(session, of('instructions', 'tools'));
    expect([ok, rest]).toEqual([
      false,
      { error: expect.objectContaining({ code: 'content_blocked', param: 'session' }) as unknown },
    ]);
    expect(found).toMatchObject([{ word: { action: 'block' } }]);
  });

  it('may be what no hook blocks, or none judges; the version says by what it was judged', async () => {
    const settings = { instructions: 'Be kind.', audio: { output: { voice: 'ash' } } };
    const expected = {
      ok: true,
      found: [],
      value: { isChanged: false, judgedBy: VERSION, settings: expect.objectContaining(settings) as unknown },
    };
    expect(await judge(settings, of('instructions'))).toEqual(expected);
    expect(await judge({ ...settings, instructions: 'Forbidden.' }, of('output_text'))).toMatchObject({ ok: true });
  });

  it('is changed where it is redacted, and keeps the rest', async () => {
    const redacts = bindingOf(BAD, { otherwise: { atLeast: 0, action: 'redact' } });
    expect(await judge({ instructions: 'A forbidden thing.' }, redacts)).toMatchObject({
      value: { isChanged: true, settings: { model: 'gpt-realtime', instructions: 'A [removed] thing.' } },
    });
  });

  it.each([
    ['open', true],
    ['closed', false],
  ] as const)('follows the failure rule of a hook that is late: %s', async (onFailure, ok) => {
    const hangs: ModerationHook = { ...BAD, inspect: () => new Promise(() => undefined) };
    const judged = await judge({ instructions: 'Be kind.' }, bindingOf(hangs, { onFailure }));
    expect(judged).toMatchObject({ ok, found: [{ word: { failure: 'late' } }] });
  });

  it('is not waited for by a dry run, nor refused for one', async () => {
    expect(await judge({ instructions: 'Forbidden.' }, bindingOf(BAD, { dryRun: true }))).toMatchObject({
      ok: true,
      found: [{ word: { action: 'block' } }],
    });
  });
});
