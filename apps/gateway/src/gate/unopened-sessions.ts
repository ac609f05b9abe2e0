// Sessions that something is judged of before they are open: a hook that asks the vendor needs to know whose account to use.
import type { ApiKeyId, PoolId, SessionId, TenantId } from '@trunkline/kernel';

/** Whose content is asked about, and so who uses the account. */
export interface UsingSession {
  readonly id: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
}

/** Who they are. */
export type Unopened = Omit<UsingSession, 'id'> & { readonly sessionId: SessionId };

/** Those of a gateway, each for as long as it is judged. */
export class UnopenedSessions {
  private readonly sessions = new Map<SessionId, UsingSession>();

  get(id: SessionId): UsingSession | null {
    return this.sessions.get(id) ?? null;
  }

  /** Known while the work runs. */
  async during<T>({ sessionId: id, tenantId, keyId, poolId }: Unopened, work: () => Promise<T>): Promise<T> {
    this.sessions.set(id, { id, tenantId, keyId, poolId });
    try {
      return await work();
    } finally {
      this.sessions.delete(id);
    }
  }
}
