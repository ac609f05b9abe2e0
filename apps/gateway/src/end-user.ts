// The end user of a call: as its credential names them, or else as the app's header `OpenAI-Safety-Identifier` does. Who
// holds a client secret cannot be somebody else than it was minted for. From here on only a keyed hash.
import type { Handshake } from '@trunkline/realtime';
import type { Principal } from '@trunkline/tenancy';
import type { GatewayParts } from './gateway-parts.js';

/** Null where nobody is named. */
export function endUserOf(
  { hashEndUser }: Pick<GatewayParts, 'hashEndUser'>,
  { tenantId, endUser }: Pick<Principal, 'tenantId' | 'endUser'>,
  { safetyIdentifier }: Pick<Handshake, 'safetyIdentifier'>,
): string | null {
  if (endUser !== null) return endUser;
  return safetyIdentifier === null ? null : hashEndUser(tenantId, safetyIdentifier);
}
