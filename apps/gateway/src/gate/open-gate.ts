// Opens the gate of a WebSocket session whose tenant has a moderation policy.
import { toOpenAiError } from '@trunkline/kernel';
import { openAiGateWords, OpenAiContentReader } from '@trunkline/providers/adapters/openai';
import { errorEvent, type Session } from '@trunkline/realtime';
import type { GatewayParts } from '../gateway-parts.js';
import { GateSession, type GateFinding, type GatePolicy } from './gate-session.js';

/** Whose gate it is. */
export interface GatedSession {
  readonly id: string;
  readonly tenantId: Parameters<GatewayParts['gates']['of']>[0];
  readonly relay: () => Session;
}

const MESSAGES = {
  client: 'What was sent is not allowed by the moderation policy and did not reach the model.',
  upstream: 'What was said is not allowed by the moderation policy: it was stopped and taken out of the conversation.',
} as const;

/** @returns null where nothing of the tenant is judged: then the session pays nothing. */
export function openGate(parts: GatewayParts, { id, tenantId, relay }: GatedSession): GateSession | null {
  const opened = parts.gates.of(tenantId);
  if (opened === null) return null;
  let last: GatePolicy = opened;
  // A policy that is gone (its tenant is) judges to the end of the session.
  const current = (): GatePolicy => (last = parts.gates.of(tenantId) ?? last);
  let told = 0;
  return new GateSession(current, {
    reader: new OpenAiContentReader(),
    words: openAiGateWords,
    context: { tenantId, sessionId: id },
    startTimer: (afterMs, expired) => {
      const timer = setTimeout(expired, afterMs);
      return () => clearTimeout(timer);
    },
    nowMs: () => parts.clock.monotonicMs(),
    toUpstream: (text) => void relay().sendUpstream(text),
    toClient: (payload) => void relay().sendClient(payload),
    tellBlocked: (from, about) => {
      const error = toOpenAiError({ code: 'content_blocked', message: MESSAGES[from] });
      const causedBy = from === 'client' ? about : null;
      void relay().sendClient(errorEvent(error, `event_blocked_${id}_${told++}`, causedBy));
    },
    end: () => relay().end('moderation'),
    found: (findings) => findings.forEach((finding) => tell(parts, { id, tenantId }, finding)),
  });
}

function tell(parts: GatewayParts, who: Pick<GatedSession, 'id' | 'tenantId'>, { word, kind }: GateFinding): void {
  parts.metrics.moderated(word);
  const { binding, action, failure, findings, reason } = word;
  const categories = [...new Set(findings.map(({ category }) => category))].join(',');
  parts.log.info(
    {
      event: 'moderation_verdict',
      session_id: who.id,
      tenant_id: who.tenantId,
      name: binding.name,
      reason: `${binding.dryRun ? 'dry run: ' : ''}${action} ${kind} ${failure ?? categories}${reason === null ? '' : `: ${reason}`}`,
    },
    'a moderation hook found something or failed',
  );
}
