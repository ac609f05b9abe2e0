// The taps that are measured: those of a session as it was before there were gates, as a session has them whose tenant has no
// policy, and with policies of local rules.
import { mintId, systemClock, trustedId } from '@trunkline/kernel';
import { parseModerationPolicy, type HookBinding, type ModerationHook } from '@trunkline/moderation';
import { patternsHook, personalDataHook, termsHook } from '@trunkline/moderation/adapters/rules';
import {
  openAiGateWords,
  OpenAiContentReader,
  OpenAiRealtimeObserver,
  OpenAiSessionVeil,
} from '@trunkline/providers/adapters/openai';
import type { FrameTap } from '@trunkline/realtime';
import { randomBytes } from 'node:crypto';
import { GateSession } from '../../../apps/gateway/src/gate/gate-session.js';
import { throughGate } from '../../../apps/gateway/src/gate/gate-tap.js';
import { meterTap } from '../../../apps/gateway/src/meter-tap.js';

/** What is measured. */
export interface Subject {
  readonly name: 'before' | 'no_policy' | 'one_term' | 'many_terms' | 'patterns';
  readonly title: string;
  /** How often more than the others it is run: a microsecond is measured over many. */
  readonly effort: number;
  /** The taps of a new session, and which events its policy judges. */
  open(): { readonly fromUpstream: FrameTap; readonly isGated: (type: string) => boolean };
}

const EFFORT = 40;
const TERMS_MANY = 2_000;
const JUDGED = /^(conversation\.item\.input_audio_transcription\.|response\.output_audio_transcript\.)/;
const COSTLY = [
  '(a+)+b',
  '(x+x+)+y',
  '([a-z]+ ){8}never',
  ...Array.from({ length: 20 }, (_, i) => `(order|invoice|account) (number )?${i}\\d{6,12}`),
];
const nothingJudged = (): boolean => false;

/** In the order of the table. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: 'before',
    title: 'no gate (before)',
    effort: EFFORT,
    open: () => ({ fromUpstream: metered(), isGated: nothingJudged }),
  },
  {
    name: 'no_policy',
    title: 'no policy',
    effort: EFFORT,
    open: () => ({ ...throughGate(null, { fromClient: null, fromUpstream: metered() }), isGated: nothingJudged }),
  },
  { name: 'one_term', title: 'one term', effort: 2, open: () => gated([manyTerms(1)]) },
  {
    name: 'many_terms',
    title: `${TERMS_MANY} terms and personal data`,
    effort: 1,
    open: () => gated([manyTerms(TERMS_MANY), personalData()]),
  },
  { name: 'patterns', title: `${COSTLY.length} costly patterns`, effort: 1, open: () => gated([costlyPatterns()]) },
];

/** So many terms, of which none is said. */
export function manyTerms(count: number): ModerationHook {
  return termsHook(
    Array.from({ length: count }, (_, i) => ({ text: `unspeakable${i}`, category: 'term', wholeWord: true })),
  );
}

export function personalData(): ModerationHook {
  return personalDataHook(['card_number', 'iban', 'email', 'phone']);
}

/** Patterns at which a backtracking engine would not come to an end, and long ones. */
export function costlyPatterns(): ModerationHook {
  return patternsHook(COSTLY.map((pattern) => ({ pattern, category: 'pattern', caseSensitive: false })));
}

function gated(hooks: readonly ModerationHook[]): ReturnType<Subject['open']> {
  const bindings = hooks.map(bindingOf);
  const parsed = parseModerationPolicy({ version: 1 });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  const policy = { version: 1, policy: parsed.value, bindings };
  const unexpected = (): never => {
    throw new Error('nothing in a turn of this benchmark is to be blocked');
  };
  const gate = new GateSession(() => policy, {
    reader: new OpenAiContentReader(),
    words: openAiGateWords,
    veil: new OpenAiSessionVeil(),
    context: { tenantId: 'tnt_bench', sessionId: 'ses_bench' },
    startTimer: () => () => undefined,
    nowMs: () => 0,
    toUpstream: unexpected,
    toClient: unexpected,
    tellBlocked: unexpected,
    droppedAtEnd: unexpected,
    unjudged: unexpected,
    answerHeld: unexpected,
    unenforceable: unexpected,
    mayAsk: () => Promise.resolve(true),
    passed: () => undefined,
    end: unexpected,
    found: unexpected,
  });
  const { fromUpstream } = throughGate(gate, { fromClient: null, fromUpstream: metered() });
  return { fromUpstream, isGated: (type) => JUDGED.test(type) };
}

function bindingOf(hook: ModerationHook, n: number): HookBinding {
  return {
    name: `hook${n}`,
    type: 'local',
    hook,
    kinds: hook.kinds,
    deadlineMs: 300,
    onFailure: 'closed',
    categories: {},
    otherwise: { atLeast: 0.5, action: 'block' },
    dryRun: false,
  };
}

/** The tap that meters, with nothing behind it. */
function metered(): FrameTap {
  const nothing = (): void => undefined;
  return meterTap({
    observer: new OpenAiRealtimeObserver(),
    context: {
      sessionId: mintId('ses', systemClock.nowMs(), randomBytes),
      tenantId: trustedId('tnt', 'tnt_bench'),
      keyId: trustedId('key', 'key_bench'),
      poolId: trustedId('pool', 'pool_bench'),
      replicaId: trustedId('rep', 'rep_bench'),
      vendor: 'openai',
    },
    nowMs: () => 0,
    journal: () => Promise.resolve(),
    turnBegan: nothing,
    owed: nothing,
    nothingOwed: nothing,
    estimateOf: () => {
      throw new Error('every turn is reported');
    },
    eventRefused: nothing,
    metered: nothing,
    unmetered: nothing,
    expired: nothing,
    throttled: nothing,
    spoke: nothing,
    progressed: nothing,
  });
}
