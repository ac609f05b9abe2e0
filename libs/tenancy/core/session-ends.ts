// Which open sessions somebody asked to end: one by its id, or all of a key or a tenant that were open when it was asked. What
// opens later is not meant.
import type { ApiKeyId, SessionId, TenantId } from '@trunkline/kernel';

/** A request to end sessions of a tenant: one, those of a key, or (both null) all. */
export interface SessionEnd {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  readonly sessionId: SessionId | null;
  /** Unix milliseconds. */
  readonly askedAtMs: number;
}

/** What of a session says whether it is meant. */
export interface EndableSession {
  readonly id: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** Unix milliseconds. */
  readonly openedAtMs: number;
}

/** How long a request is known to gateways. No session is open for that long: OpenAI ends each after an hour. */
export const SESSION_ENDS_FOR_MS = 2 * 3_600_000;

/** Whether a session is meant by any of the requests: three look-ups, however many there are. */
export function compileSessionEnds(ends: readonly SessionEnd[]): (session: EndableSession) => boolean {
  const sessions = new Set<string>();
  const holders = new Map<string, number>();
  for (const { tenantId, keyId, sessionId, askedAtMs } of ends) {
    if (sessionId !== null) sessions.add(`${tenantId} ${sessionId}`);
    else {
      const holder = `${tenantId} ${keyId ?? ''}`;
      holders.set(holder, Math.max(askedAtMs, holders.get(holder) ?? askedAtMs));
    }
  }
  return ({ id, tenantId, keyId, openedAtMs }) => {
    const askedOf = (holder: string) => openedAtMs <= (holders.get(`${tenantId} ${holder}`) ?? -Infinity);
    return sessions.has(`${tenantId} ${id}`) || askedOf(keyId) || askedOf('');
  };
}
