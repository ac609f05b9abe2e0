// What is left to do of a session when it is over, however early it ends: `settle` after a call, `abandon` after a fault of
// ours. Guarantees that what the journal refuses is offered again, and that nothing here remembers the session as open.
import type { SessionId, TenantId } from '@trunkline/kernel';
import type { JournalRecord } from '@trunkline/metering';
import type { GatewayParts } from './gateway-parts.js';
import type { LiveSession } from './live-session.js';

type JournalParts = Pick<GatewayParts, 'journal' | 'stragglers' | 'log'>;

/** Journals what is left to say of a session; what the journal refuses is offered again until it takes it. */
export async function keep(parts: JournalParts, record: Over): Promise<void> {
  await parts.journal.append(record).catch((error: unknown) => {
    const { sessionId } = record.kind === 'usage' ? record.event : record.session;
    const fields = { event: 'journal_refused', session_id: sessionId, err: error };
    parts.log.error(fields, 'the end of a session could not be journalled');
    parts.stragglers.keep(record);
  });
}

/** What a session's end may leave to say. */
type Over = Extract<JournalRecord, { readonly kind: 'usage' | 'session_closed' }>;

/** Journals and counts what the upstream never reported. */
export async function estimateOwed(
  parts: JournalParts,
  { unreported, metered }: Pick<LiveSession, 'unreported' | 'metered'>,
): Promise<void> {
  for (const event of unreported.estimates()) {
    await keep(parts, { kind: 'usage', event });
    metered(event);
  }
}

/** Nothing of the process goes on with it. Last of all: a stop waits until no session is left. */
export function forgetSession(
  { bills, budgets, live }: Pick<GatewayParts, 'bills' | 'budgets' | 'live'>,
  { id, tenantId }: { readonly id: SessionId; readonly tenantId: TenantId },
): void {
  bills.find(tenantId, id)?.close();
  budgets.forget(tenantId, id);
  live.remove(id);
}
