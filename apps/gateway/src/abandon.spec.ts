import { PassThrough } from 'node:stream';
import { trustedId } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import type { JournalRecord } from '@trunkline/metering';
import { abandon } from './abandon.js';
import { LiveSessions } from './live-session.js';
import { SessionBills } from './session-bill.js';

const [id, tenantId] = [trustedId('ses', 'ses_s'), trustedId('tnt', 'tnt_t')];
const UNREPORTED = { id: 'a turn', sessionId: id };

interface HowItFailed {
  readonly live: boolean;
  readonly journalFails?: boolean;
  readonly failsToCount?: boolean;
}

/** A call that came so far: its budget and bill are open, and `live` if it was one of the live sessions. */
async function abandoned({ live: isLive, journalFails = false, failsToCount = false }: HowItFailed) {
  const done: string[] = [];
  const [journal, kept]: [JournalRecord[], JournalRecord[]] = [[], []];
  const [live, bills, socket] = [new LiveSessions(), new SessionBills(), new PassThrough()];
  bills.open(id, tenantId);
  const counters = { fromClient: { bytes: 3, messages: 1 }, fromUpstream: { bytes: 5, messages: 2 } };
  const counted = (): void => {
    if (failsToCount) throw new Error('a fault of ours');
    done.push('estimate counted');
  };
  const closeGate = (mayBeHeard: boolean): void => {
    if (failsToCount) throw new Error('a fault of ours');
    done.push(mayBeHeard ? 'gate let go' : 'gate closed');
  };
  const session = {
    ...{ id, relay: { counters, end: (cause: string) => done.push(`ended by ${cause}`) } },
    ...{ unreported: { estimates: () => [UNREPORTED] }, metered: counted },
    gating: { gate: { close: async (mayBeHeard: boolean) => closeGate(mayBeHeard) } },
  };
  if (isLive) live.add(session as never);
  const parts = {
    ...{ bills, live, log: openLog('silent', process.stderr), clock: { nowMs: () => 1_500 } },
    budgets: { forget: () => done.push('budget forgotten') },
    journal: {
      append: async (record: JournalRecord) => {
        if (journalFails) throw new Error('the disk is full');
        journal.push(record);
      },
    },
    stragglers: { keep: (record: JournalRecord) => kept.push(record) },
    releaseLease: async () => done.push('line released'),
    metrics: { sessionEnded: () => done.push('counted') },
  };
  const call = {
    ...{ sessionId: id, principal: { tenantId }, openedAtMs: 1_000, lease: {} },
    upstream: { wire: { destroy: () => done.push('upstream cut') } },
  };
  await abandon(parts as never, call as never, { socket, error: new Error('a fault of ours') });
  return { done, journal, kept, socket, isForgotten: live.size === 0, bill: bills.find(tenantId, id)?.view().status };
}

describe('a call that could not be run', () => {
  it('before it was a session ends in the journal, the budget and the bill, and gives its line back', async () => {
    const { done, journal, socket, bill } = await abandoned({ live: false });
    expect(done).toEqual(['upstream cut', 'line released', 'budget forgotten']);
    expect(journal).toMatchObject([
      { kind: 'session_closed', session: { sessionId: id, tenantId, endCause: 'internal_error', durationMs: 500 } },
    ]);
    expect(socket.destroyed).toBe(true);
    expect(bill).toBe('closed');
  });

  it('when it was one is no session any more, and what it owed is estimated before its end', async () => {
    const { done, journal, isForgotten } = await abandoned({ live: true });
    expect(isForgotten).toBe(true);
    expect(journal).toMatchObject([
      { kind: 'usage', event: UNREPORTED },
      { kind: 'session_closed', session: { bytesFromClient: 3, messagesFromUpstream: 2 } },
    ]);
    expect(done[0]).toBe('ended by internal_error');
    expect(done).toContain('gate closed');
    expect(done.slice(-3)).toEqual(['estimate counted', 'budget forgotten', 'counted']);
  });

  it('ends whatever else fails', async () => {
    const { done, journal, isForgotten } = await abandoned({ live: true, failsToCount: true });
    expect(journal.map(({ kind }) => kind)).toEqual(['usage', 'session_closed']);
    expect(done).toContain('line released');
    expect(isForgotten).toBe(true);
  });

  it('is offered to the journal again where that refuses its end', async () => {
    const { kept, journal, bill } = await abandoned({ live: false, journalFails: true });
    expect(journal).toEqual([]);
    expect(kept).toMatchObject([{ kind: 'session_closed' }]);
    expect(bill).toBe('closed');
  });
});
