// A journal store in memory, for tests and for trying things without a database. Keeps the same promises as the real
// one, except surviving the process.
import { storableText, type SessionId, type TenantId, type UsageEventId } from '@trunkline/kernel';
import {
  type JournalBatch,
  type JournalReader,
  type JournalRecord,
  type JournalStore,
  type JournalledSession,
  type JournalledUsage,
  type ModerationFinding,
  type OwedUsage,
  type RefusedCalls,
  type SessionClosed,
  type SessionOpened,
  type UsageEvent,
} from '@trunkline/metering';

export class MemoryJournalStore implements JournalStore, JournalReader {
  private readonly events = new Map<string, UsageEvent>();
  private readonly owed = new Map<UsageEventId, OwedUsage>();
  private readonly opened = new Map<SessionId, SessionOpened>();
  private readonly closed = new Map<SessionId, SessionClosed>();
  private readonly findings = new Map<string, ModerationFinding>();
  private readonly refused = new Map<string, RefusedCalls>();
  private readonly watermarks = new Map<string, number>();

  async commit(batch: JournalBatch): Promise<void> {
    for (const record of batch.records) this.keep(record);
    const run = `${batch.spoolId}/${batch.epoch}`;
    this.watermarks.set(run, Math.max(this.watermarks.get(run) ?? 0, batch.toSequence));
  }

  /** All events, in the order in which they were first stored. For assertions over every tenant. */
  allEvents(): readonly UsageEvent[] {
    return [...this.events.values()];
  }

  /** What moderation hooks found, in the order in which it was first stored. */
  allFindings(): readonly ModerationFinding[] {
    return [...this.findings.values()];
  }

  /** Calls that got no line, in the order in which they were first stored. */
  allRefused(): readonly RefusedCalls[] {
    return [...this.refused.values()];
  }

  async usageOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly JournalledUsage[]> {
    return this.allEvents()
      .filter((event) => event.tenantId === tenantId && event.sessionId === sessionId)
      .sort((a, b) => a.occurredAtMs - b.occurredAtMs)
      .map((event) => ({ event, ratingState: event.problem === null ? 'pending' : 'parked' }));
  }

  async owedOfSession(tenantId: TenantId, sessionId: SessionId): Promise<readonly OwedUsage[]> {
    return [...this.owed.values()].filter((owed) => owed.tenantId === tenantId && owed.sessionId === sessionId);
  }

  async session(tenantId: TenantId, sessionId: SessionId): Promise<JournalledSession | null> {
    const opened = this.opened.get(sessionId);
    const closed = this.closed.get(sessionId);
    if ((opened ?? closed)?.tenantId !== tenantId) return null;
    return {
      sessionId,
      tenantId,
      keyId: opened?.keyId ?? null,
      model: opened?.model ?? null,
      openedAtMs: opened?.openedAtMs ?? null,
      endCause: closed?.endCause ?? null,
      closeCode: closed?.closeCode ?? null,
      closedAtMs: closed?.closedAtMs ?? null,
      durationMs: closed?.durationMs ?? null,
    };
  }

  async watermark(spoolId: string, epoch: number): Promise<number | null> {
    return this.watermarks.get(`${spoolId}/${epoch}`) ?? null;
  }

  private keep(record: JournalRecord): void {
    switch (record.kind) {
      case 'usage':
        this.owed.delete(record.event.factId ?? record.event.id);
        return this.keepEvent(record.event);
      case 'usage_owed':
        return this.keepOwed(record.owed);
      case 'nothing_owed':
        return void this.owed.delete(record.nothing.id);
      case 'session_opened':
        return keepFirst(this.opened, record.session.sessionId, record.session);
      case 'session_closed':
        for (const { id, sessionId } of this.owed.values())
          if (sessionId === record.session.sessionId) this.owed.delete(id);
        return this.keepEnd(record.session);
      case 'moderation':
        return keepFirst(this.findings, record.finding.id, record.finding);
      case 'calls_refused':
        return keepFirst(this.refused, record.refused.id, record.refused);
    }
  }

  // Concluded from silence; what the gateway itself says replaces it.
  private keepEnd(session: SessionClosed): void {
    if (this.closed.get(session.sessionId)?.endCause === 'gateway_lost') this.closed.delete(session.sessionId);
    keepFirst(this.closed, session.sessionId, session);
  }

  // One estimate a fact.
  private keepEvent(event: UsageEvent): void {
    const isKnown = this.allEvents().some(({ factId }) => factId !== null && factId === event.factId);
    if (!isKnown) keepFirst(this.events, event.id, storable(event));
  }

  private keepOwed(owed: OwedUsage): void {
    const isAccountedFor = this.allEvents().some(({ id, factId }) => id === owed.id || factId === owed.id);
    const known = this.owed.get(owed.id);
    if (!isAccountedFor && (known === undefined || known.seenAtMs < owed.seenAtMs)) this.owed.set(owed.id, owed);
  }
}

function storable(event: UsageEvent): UsageEvent {
  const { vendorObjectId, model, status } = event;
  return {
    ...event,
    vendorObjectId: storableText(vendorObjectId),
    model: storableText(model),
    status: storableText(status),
  };
}

function keepFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
