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
  private readonly sessions = new Map<SessionId, { readonly session: UsingSession; works: number }>();

  get(id: SessionId): UsingSession | null {
    return this.sessions.get(id)?.session ?? null;
  }

  /** Known while the work runs, and until what it leaves running is over. @param work is given what takes that. */
  async during<T>(
    { sessionId: id, tenantId, keyId, poolId }: Unopened,
    work: (leaves: (running: Promise<unknown>) => void) => Promise<T>,
  ): Promise<T> {
    const known = this.sessions.get(id) ?? { session: { id, tenantId, keyId, poolId }, works: 0 };
    this.sessions.set(id, known);
    const over = (): void => {
      known.works -= 1;
      if (known.works === 0) this.sessions.delete(id);
    };
    known.works += 1;
    try {
      return await work((running) => {
        known.works += 1;
        void running.then(over, over);
      });
    } finally {
      over();
    }
  }
}
