// The app's end user, as its header `OpenAI-Safety-Identifier` names them: from here on only a keyed hash.
import type { Handshake } from '@trunkline/realtime';
import type { Principal } from '@trunkline/tenancy';
import type { GatewayParts } from './gateway-parts.js';

/** Null where the app names nobody. */
export function endUserOf(
  { hashEndUser }: Pick<GatewayParts, 'hashEndUser'>,
  { tenantId }: Pick<Principal, 'tenantId'>,
  { safetyIdentifier }: Pick<Handshake, 'safetyIdentifier'>,
): string | null {
  return safetyIdentifier === null ? null : hashEndUser(tenantId, safetyIdentifier);
}
