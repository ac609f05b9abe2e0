// What a client secret's session says to the model goes to the vendor before there is a session to judge it in. So where a
// tenant's words are judged, a secret says nothing that would be: the app says it in the session, where the gate is.
import type { Refusal, TenantId } from '@trunkline/kernel';
import { isEnforced, kindsJudged } from '@trunkline/moderation';
import { beginningUpdate, OpenAiContentReader } from '@trunkline/providers/adapters/openai';
import type { GatePolicy } from './gate-ports.js';

/** Why no session may begin with these settings by the tenant's policy in force; null: it may. */
export function unjudgedSettings(
  gateOf: (tenantId: TenantId) => Pick<GatePolicy, 'bindings'> | null,
  tenantId: TenantId,
  settings: Readonly<Record<string, unknown>>,
): Refusal | null {
  const gate = gateOf(tenantId);
  if (gate === null) return null;
  const read = new OpenAiContentReader().read('client', Buffer.from(beginningUpdate(settings)));
  const judged = kindsJudged(gate.bindings.filter(isEnforced));
  if (!read?.places.some(({ piece }) => judged.has(piece.kind))) return null;
  return {
    code: 'content_blocked',
    message:
      "Your tenant's moderation policy judges what is said to the model, and a client secret's session is not seen by it. Mint the secret without instructions, prompts and tools, and send them in session.update when connected.",
    param: 'session',
  };
}
