// Reads the journal table. Each query on tenant data has the tenant in its condition.
import { trustedId, type SessionId, type TenantId } from '@trunkline/kernel';
import {
  readJournalledUsage,
  readOwedUsage,
  type JournalReader,
  type JournalledSession,
  type JournalledUsage,
  type OwedUsage,
} from '@trunkline/metering';
import type { Database } from '@trunkline/platform/database';

export class PrismaJournalReader implements JournalReader {
  constructor(private readonly db: Database) {}

  async usageOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly JournalledUsage[]> {
    const rows = await this.db.usageEvent.findMany({
      where: { tenantId, sessionId },
      orderBy: [{ occurredAt: 'asc' }, { journalledAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(({ occurredAt, ...row }) => readJournalledUsage({ ...row, occurredAtMs: occurredAt.getTime() }));
  }

  async owedOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly OwedUsage[]> {
    const rows = await this.db.owedUsage.findMany({ where: { tenantId, sessionId }, orderBy: { id: 'asc' } });
    return rows.map(({ seenAt, ...row }) => readOwedUsage({ ...row, seenAtMs: seenAt.getTime() }));
  }

  async session(tenantId: TenantId, sessionId: SessionId): Promise<JournalledSession | null> {
    const row = await this.db.session.findUnique({ where: { id: sessionId, tenantId } });
    if (row === null) return null;
    return {
      sessionId,
      tenantId,
      keyId: row.keyId === null ? null : trustedId('key', row.keyId),
      model: row.model,
      openedAtMs: row.openedAt?.getTime() ?? null,
      endCause: row.endCause,
      closeCode: row.closeCode,
      closedAtMs: row.closedAt?.getTime() ?? null,
      durationMs: row.durationMs === null ? null : Number(row.durationMs),
    };
  }

  async watermark(spoolId: string, epoch: number): Promise<number | null> {
    const row = await this.db.spoolWatermark.findUnique({
      where: { spoolId_epoch: { spoolId, epoch: BigInt(epoch) } },
    });
    return row === null ? null : Number(row.sequence);
  }
}
