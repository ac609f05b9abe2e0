// Opens the gate of a WebSocket session whose tenant has a moderation policy.
import { toOpenAiError } from '@trunkline/kernel';
import { consequencesOf, type StartTimer } from '@trunkline/moderation';
import { openAiGateWords, OpenAiContentReader, OpenAiSessionVeil } from '@trunkline/providers/adapters/openai';
import { errorEvent, type Session } from '@trunkline/realtime';
import type { GatewayParts } from '../gateway-parts.js';
import type { FindingContext } from './finding-journal.js';
import { FindingSink } from './finding-sink.js';
import type { GateFinding, GatePolicy } from './gate-ports.js';
import { GateSession } from './gate-session.js';

/** Whose gate it is. */
export interface GatedSession extends FindingContext {
  readonly relay: () => Session;
  /** Whether a turn may be begun; see `TurnBudget.asks`. */
  readonly mayAsk: (eventId: string | null, toldAs: string | null) => Promise<boolean>;
}

const MESSAGES = {
  client: 'What was sent is not allowed by the moderation policy and did not reach the model.',
  question: 'What was said before is not allowed by the moderation policy: there is no answer to it.',
  unjudged: 'What was said could not be judged by the moderation policy in time: it was taken out of the conversation.',
  unheard:
    'Audio in an item has no transcript that the moderation policy could judge, so it did not reach the model: send it with input_audio_buffer.append.',
  upstream: 'What was said is not allowed by the moderation policy: it was stopped and taken out of the conversation.',
} as const;

const WARNING = 'What was sent or said is against the moderation policy.';
// What is redacted, blocked or ends a session did not go on, or not as it was: an event of its own says what became of it.
const WENT_ON = `${WARNING} It went on this time.`;

/** @returns null where nothing of the tenant is judged: then the session pays nothing. */
export function openGate(parts: GatewayParts, session: GatedSession): GateSession | null {
  const { sessionId: id, tenantId, relay, mayAsk } = session;
  const opened = parts.gates.of(tenantId);
  if (opened === null) return null;
  let last: GatePolicy = opened;
  // A policy that is gone (its tenant is) judges to the end of the session.
  const current = (): GatePolicy => (last = parts.gates.of(tenantId) ?? last);
  const sink = new FindingSink(parts, session);
  let told = 0;
  const sayError = (code: 'content_blocked' | 'content_warning', message: string, causedBy: string | null): void => {
    const event = errorEvent(toOpenAiError({ code, message }), `event_${code}_${id}_${told++}`, causedBy);
    void relay().sendClient(event);
  };
  // What does not end here (keys) is the worker's to do, for all gateways at once.
  const follow = ({ word }: GateFinding, by: GatePolicy): void => {
    const consequences = consequencesOf(by.policy, word);
    if (consequences.includes('warn')) sayError('content_warning', word.action === 'flag' ? WENT_ON : WARNING, null);
    if (consequences.includes('end_session')) relay().end('moderation');
  };
  return new GateSession(current, {
    reader: new OpenAiContentReader(),
    words: openAiGateWords,
    veil: new OpenAiSessionVeil(),
    mayAsk,
    context: { tenantId, sessionId: id },
    startTimer,
    nowMs: () => parts.clock.monotonicMs(),
    // When a session ends its spending stops: nothing is asked for any more, and nothing needs to be forgotten.
    toUpstream: (text) => {
      if (!relay().isEnding) relay().sendUpstream(text);
    },
    toClient: (payload) => void relay().sendClient(payload),
    tellBlocked: (what, about) => {
      const causedBy = what === 'upstream' || what === 'unjudged' ? null : about;
      sayError('content_blocked', MESSAGES[what], causedBy);
    },
    answerHeld: (ms) => parts.metrics.answerHeld(ms / 1_000),
    unjudged: (words, by) => {
      parts.metrics.unjudged(words.why, words.isBlocked);
      sink.journal.addUnjudged(words, by);
    },
    unenforceable: (why) => {
      parts.log.error(
        { event: 'moderation_unenforceable', session_id: id, tenant_id: tenantId, reason: why },
        'a session was ended because what its moderation policy demands cannot be had',
      );
      relay().end('moderation');
    },
    droppedAtEnd: (messages) => {
      parts.metrics.heldBackDropped(messages);
      parts.log.info(
        { event: 'moderation_output_dropped', session_id: id, tenant_id: tenantId, count: messages },
        'a session ended while output was held back that had no verdict yet: it was not let out',
      );
    },
    passed: (binding) => parts.metrics.passed(binding),
    end: () => relay().end('moderation'),
    found: (findings, by) => {
      sink.found(findings, by);
      for (const finding of findings) follow(finding, by);
    },
  });
}

/** Node's. */
export const startTimer: StartTimer = (afterMs, expired) => {
  const timer = setTimeout(expired, afterMs);
  return () => clearTimeout(timer);
};
