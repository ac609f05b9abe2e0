// The end of a session, in its one order: spending stops and the tail of what was running is read for its usage while the
// client is told, the line is given back once the upstream is closed, and when the client is gone too, what was never
// reported is estimated and the end is journalled. Every step has a deadline and none can stop the next.
import type { LineWatch } from '@trunkline/admission';
import type { SessionClosed } from '@trunkline/metering';
import type { EndedBy } from '@trunkline/realtime';
import { closeForClient, endCauseEntry, NO_STATUS } from '@trunkline/realtime';
import type { LiveSession } from './live-session.js';

// A round trip to the vendor, many times over; who does not answer by then will hardly bill.
const FENCE_MS_MAX = 2_000;

/** What is settled. */
export interface EndedSession extends Pick<LiveSession, 'id' | 'tenantId'> {
  readonly observer: Pick<LiveSession['observer'], 'reportsOwed' | 'stopSpending' | 'fence'>;
  readonly owed: Pick<LiveSession['owed'], 'fenced' | 'none'>;
  readonly relay: Pick<
    LiveSession['relay'],
    'counters' | 'sendUpstream' | 'closeClient' | 'closeUpstream' | 'cutUpstream'
  >;
  readonly gating: { readonly gate: Pick<NonNullable<LiveSession['gating']['gate']>, 'close' | 'verdicts'> | null };
}

/** What settlement needs beside the session. */
export interface SettleParts {
  /** Longest wait for usage that the upstream still owes after the end, in milliseconds. */
  readonly tailMsMax: number;
  readonly closeMsMax: number;
  /** The session's line: when it is gone nothing may be open upstream any more, however far settlement has come. */
  readonly line: Pick<LineWatch, 'whileHeld'>;
  readonly nowMs: () => number;
  /** How long the session has been open by now; by a clock that nobody sets. */
  readonly openMs: () => number;
  /** Says that the line comes free in a moment. */
  readonly lineEnds: () => Promise<void>;
  readonly releaseLease: () => Promise<unknown>;
  /** Estimates what the upstream still owes. */
  readonly estimateOwed: () => Promise<void>;
  readonly journalClosed: (closed: SessionClosed) => Promise<void>;
  /** A step failed or ran out of time; the others go on. */
  readonly stepFailed: (step: string, error: unknown) => void;
}

/** Settles a session that has ended. Never rejects; called once per session by `upgrade`. */
export async function settle(live: EndedSession, ended: EndedBy, parts: SettleParts): Promise<SessionClosed> {
  const attempt = async (step: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      parts.stepFailed(step, error);
    }
  };
  // Whoever hears of the end may call again at once: the line must be known by then as one that comes free.
  const said = attempt('say that the line ends', parts.lineEnds);
  // The client is told at once: a revoked key must be cut within two seconds even if the tail takes ten.
  const told = said.then(() => attempt('close client', () => closeClient(live, ended, parts.closeMsMax)));
  await Promise.all([said, attempt('close upstream', () => stopSpending(live, ended, parts))]);
  // A line is what is open upstream: a client that is slow to close holds none.
  await attempt('release lease', parts.releaseLease);
  await told;
  // Before the end: with it the journal forgets what was owed.
  await attempt('estimate what is owed', parts.estimateOwed);
  const closed = closedRecord(live, ended, parts);
  await attempt('journal the end', () => parts.journalClosed(closed));
  return closed;
}

async function closeClient({ gating, relay }: EndedSession, ended: EndedBy, msMax: number): Promise<void> {
  const { close } = endCauseEntry(ended.cause);
  // What its gate held back and may be heard; the client gets it before its close, where it is there.
  await gating.gate?.close(close !== 'none' && close !== 'echo');
  await relay.closeClient(msMax);
}

async function stopSpending(live: EndedSession, ended: EndedBy, parts: SettleParts): Promise<void> {
  const { observer, owed, relay } = live;
  const { line, tailMsMax, closeMsMax } = parts;
  try {
    const upstreamMayReport = endCauseEntry(ended.cause).billing === 'drain_tail';
    if (upstreamMayReport && (observer.reportsOwed() > 0 || relay.counters.fromClient.messages > 0)) {
      relay.sendUpstream(observer.stopSpending);
      // A question may be on its way, and the turn that it begins is billed: closing now would leave it without a report.
      relay.sendUpstream(observer.fence);
      await line.whileHeld(owed.fenced(), FENCE_MS_MAX);
      await line.whileHeld(owed.none(), tailMsMax);
    }
    await line.whileHeld(relay.closeUpstream(1000, '', closeMsMax), closeMsMax);
  } finally {
    // The relay's own deadlines are as fine as its ticks, which may be longer than what a lost line leaves; and the line
    // is given back next, whatever went wrong before.
    await relay.cutUpstream();
  }
}

function closedRecord(live: EndedSession, ended: EndedBy, { nowMs, openMs }: SettleParts): SessionClosed {
  const { fromClient, fromUpstream } = live.relay.counters;
  const code = closeForClient(ended)?.code ?? NO_STATUS;
  const verdicts = live.gating.gate?.verdicts ?? [];
  return {
    sessionId: live.id,
    tenantId: live.tenantId,
    endCause: ended.cause,
    closeCode: code === NO_STATUS ? null : code,
    closedAtMs: nowMs(),
    durationMs: openMs(),
    bytesFromClient: fromClient.bytes,
    bytesFromUpstream: fromUpstream.bytes,
    messagesFromClient: fromClient.messages,
    messagesFromUpstream: fromUpstream.messages,
    verdicts: verdicts.length > 0 ? verdicts : undefined,
  };
}
