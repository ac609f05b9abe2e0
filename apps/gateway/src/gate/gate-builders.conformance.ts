// Builders for the specs of gates.
import { parseModerationPolicy, type HookBinding, type ModerationHook } from '@trunkline/moderation';
import { termsHook } from '@trunkline/moderation/adapters/rules';
import { openAiGateWords, OpenAiContentReader, OpenAiSessionVeil } from '@trunkline/providers/adapters/openai';
import type { GateFinding, GatePolicy, GateVerdict } from './gate-ports.js';
import { GateSession } from './gate-session.js';

/** Finds one word. */
export const BAD = termsHook([{ text: 'forbidden', category: 'word', wholeWord: false }]);

const HOOK = { type: 'terms', name: 'words', onFailure: 'closed', terms: [{ text: 'forbidden' }] };

/** A binding that blocks what its hook finds. */
export function bindingOf(hook: ModerationHook, rest: Partial<HookBinding> = {}): HookBinding {
  const otherwise = { atLeast: 0.5, action: 'block' } as const;
  const common = {
    name: 'words',
    type: 'terms',
    deadlineMs: 100,
    onFailure: 'closed',
    categories: {},
    dryRun: false,
  } as const;
  return { ...common, hook, kinds: hook.kinds, otherwise, ...rest };
}

/** A gate in a session without sockets, what it says and what becomes of events. */
export function gateOf(policy: Record<string, unknown> = {}, binding = bindingOf(BAD)) {
  // The hooks are made by hand: the policy's own only say that there are some.
  const parsed = parseModerationPolicy({ version: 1, hooks: [HOOK], ...policy });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  const said = {
    upstream: [] as Record<string, unknown>[],
    client: [] as string[],
    blocked: [] as unknown[],
    unjudged: [] as unknown[],
    unenforceable: [] as string[],
    ends: 0,
    dropped: 0,
  };
  const findings: GateFinding[] = [];
  const versions: number[] = [];
  const timers: (() => void)[] = [];
  const dueMs = new Map<() => void, number>();
  let nowMs = 0;
  let current: GatePolicy = { version: 1, policy: parsed.value, bindings: [binding] };
  const gate = new GateSession(() => current, {
    reader: new OpenAiContentReader(),
    words: openAiGateWords,
    veil: new OpenAiSessionVeil(),
    mayAsk: () => Promise.resolve(true),
    answerHeld: () => undefined,
    unjudged: ({ why, isBlocked }) => said.unjudged.push([why, isBlocked]),
    unenforceable: (why) => said.unenforceable.push(why),
    context: { tenantId: 'tnt_a', sessionId: 'ses_a' },
    startTimer: (afterMs, expired) => {
      timers.push(expired);
      dueMs.set(expired, nowMs + afterMs);
      return () => {
        const at = timers.indexOf(expired);
        if (at !== -1) timers.splice(at, 1);
      };
    },
    nowMs: () => nowMs,
    toUpstream: (text) => said.upstream.push(JSON.parse(text) as Record<string, unknown>),
    toClient: (payload) => said.client.push(payload.toString()),
    tellBlocked: (from, about) => said.blocked.push([from, about]),
    droppedAtEnd: (messages) => (said.dropped += messages),
    passed: () => undefined,
    end: () => (said.ends += 1),
    found: (each, { version }) => {
      findings.push(...each);
      versions.push(version);
    },
  });
  const send = (event: { readonly type: string }): GateVerdict | Promise<GateVerdict> =>
    gate.fromClient(event.type, Buffer.from(JSON.stringify(event)));
  /** What the app gets of an event of the upstream, as the relay would ask. */
  const receive = (event: { readonly type: string }): object | null => {
    const payload = Buffer.from(JSON.stringify(event));
    const interest = gate.interest('upstream', event.type);
    if (interest === 'note') gate.noted(event.type, payload.length);
    if (interest !== 'hold') return event;
    const verdict = gate.fromUpstream(event.type, payload);
    if (verdict instanceof Promise) throw new Error('expected a verdict in the same turn');
    if (verdict === 'drop') return null;
    return verdict === 'forward' ? event : (JSON.parse(verdict.replace.toString()) as object);
  };
  const change = (rest: Partial<GatePolicy>): void => void (current = { ...current, ...rest });
  const pass = (): void => timers.splice(0).forEach((expired) => expired());
  /** So much time passes: timers that are due by then expire, at its end. */
  const elapse = (ms: number): void => {
    nowMs += ms;
    for (const expired of timers.filter((each) => (dueMs.get(each) ?? 0) <= nowMs)) {
      const at = timers.indexOf(expired);
      if (at === -1) continue;
      timers.splice(at, 1);
      expired();
    }
  };
  return { gate, send, receive, said, findings, versions, timers, change, pass, elapse };
}
