// The sessions that are open, by the journal's session table. A row is written when a session opens and when it ends; the
// row of a gateway that was killed has no end, so age is shown with a mark where no session can be that old.
import { trustedId, type ApiKeyId, type SessionId, type TenantId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';

/** An open session. Null: not told by the gateway that wrote the row. */
export interface OpenSession {
  readonly id: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  readonly model: string | null;
  readonly transport: string | null;
  readonly clientKind: string | null;
  readonly openedAtMs: number;
}

/** Open sessions, newest first, and how many there are in all. */
export interface OpenSessions {
  readonly total: number;
  readonly rows: readonly OpenSession[];
}

/** Open sessions of these tenants (null: of all), `limit` at most. Reads the partial index of open rows. */
export async function openSessionsWithin(
  db: Pick<Prisma.TransactionClient, 'session'>,
  ids: readonly TenantId[] | null,
  limit: number,
): Promise<OpenSessions> {
  // `endCause: null` is the index's condition; both columns are written together.
  const ofTenants = ids === null ? {} : { tenantId: { in: [...ids] } };
  const where = { endCause: null, closedAt: null, openedAt: { not: null }, ...ofTenants };
  const total = await db.session.count({ where });
  const rows = await db.session.findMany({ where, orderBy: [{ openedAt: 'desc' }, { id: 'desc' }], take: limit });
  return { total, rows: rows.flatMap((row) => openSessionOf(row)) };
}

interface SessionRow {
  readonly id: string;
  readonly tenantId: string;
  readonly keyId: string | null;
  readonly model: string | null;
  readonly transport: string | null;
  readonly clientKind: string | null;
  readonly openedAt: Date | null;
}

function openSessionOf({ id, tenantId, keyId, openedAt, model, transport, clientKind }: SessionRow): OpenSession[] {
  if (openedAt === null) return [];
  return [
    {
      id: trustedId('ses', id),
      tenantId: trustedId('tnt', tenantId),
      keyId: keyId === null ? null : trustedId('key', keyId),
      model,
      transport,
      clientKind,
      openedAtMs: openedAt.getTime(),
    },
  ];
}
