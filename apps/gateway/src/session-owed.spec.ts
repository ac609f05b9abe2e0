import { trustedId } from '@trunkline/kernel';
import type { JournalRecord, OwedReport } from '@trunkline/metering';
import { SessionOwed } from './session-owed.js';

function aReport(vendorObjectId: string, kind: OwedReport['kind'] = 'response'): OwedReport {
  const seen = { method: 'heard_audio', quantities: [], doubts: [], facts: {} } as const;
  return { kind, vendorObjectId, model: 'gpt-realtime', seen };
}

/** A session's books with a clock that is set, and what they wrote: `+id` for a use that began, `-` for one taken back. */
function books() {
  const state = { nowMs: 0, owed: [] as OwedReport[], pressure: 'ok' as 'ok' | 'full' };
  const written: string[] = [];
  const append = async (record: JournalRecord): Promise<void> => {
    if (record.kind === 'usage_owed') written.push(`+${record.owed.vendorObjectId}`);
    if (record.kind === 'nothing_owed') written.push('-');
  };
  const owed = new SessionOwed({
    observer: { reportsOwed: () => state.owed.length, owed: () => state.owed },
    context: {
      sessionId: trustedId('ses', 'ses_s'),
      tenantId: trustedId('tnt', 'tnt_t'),
      keyId: trustedId('key', 'key_k'),
      poolId: trustedId('pool', 'pool_p'),
      replicaId: trustedId('rep', 'rep_r'),
      vendor: 'openai',
      billing: 'bill',
    },
    journal: { append, pressure: () => state.pressure },
    nowMs: () => state.nowMs,
    failed: (error) => {
      throw error;
    },
  });
  const begin = (report: OwedReport): void => {
    state.owed.push(report);
    owed.began(report);
  };
  /** What is written by then, of this step alone. */
  const writtenAt = (nowMs: number): string[] => {
    state.nowMs = nowMs;
    owed.mark();
    return written.splice(0);
  };
  return { state, owed, begin, writtenAt };
}

describe('what a session owes', () => {
  it('has no record while it is young, and none ever when it is reported by then', () => {
    const { state, begin, writtenAt } = books();
    begin(aReport('a'));
    expect(writtenAt(700)).toEqual([]);
    state.owed.length = 0;
    expect(writtenAt(750)).toEqual([]);
    expect(writtenAt(10_000)).toEqual([]);
  });

  it('is written down when it lasts, and a response again every two seconds', () => {
    const { begin, writtenAt } = books();
    begin(aReport('a'));
    begin(aReport('b', 'transcription'));
    expect(writtenAt(750)).toEqual(['+a', '+b']);
    expect(writtenAt(2_700)).toEqual([]);
    expect(writtenAt(2_750)).toEqual(['+a']);
  });

  it('that begins while another runs does not wait for the mark of that one', () => {
    const { begin, writtenAt } = books();
    begin(aReport('a'));
    expect(writtenAt(750)).toEqual(['+a']);
    begin(aReport('b'));
    expect(writtenAt(1_500)).toEqual(['+a', '+b']);
  });

  it('is not written again while the journal is short of room, but that it began is', () => {
    const { state, begin, writtenAt } = books();
    begin(aReport('a'));
    writtenAt(750);
    state.pressure = 'full';
    begin(aReport('b'));
    expect(writtenAt(1_500)).toEqual(['+b']);
  });

  it('is taken back only where it was written', () => {
    const { state, owed, begin, writtenAt } = books();
    begin(aReport('a', 'transcription'));
    owed.nothing(aReport('a', 'transcription'));
    state.owed.length = 0;
    expect(writtenAt(750)).toEqual([]);
    begin(aReport('b', 'transcription'));
    expect(writtenAt(2_000)).toEqual(['+b']);
    owed.nothing(aReport('b', 'transcription'));
    expect(writtenAt(2_001)).toEqual(['-']);
  });
});
