// Reads a record page by page into calls, so that the command line and the API read alike. Whose pages they are is the
// caller's, and so is whether to go on after each.
import type { RecordedRefusal, RecordedSession } from '@trunkline/metering';
import { CallsRecord, type RecordTerms } from './recorded-calls.js';

/** What was recorded, each kind in order of time. */
export interface RecordPages {
  readonly sessions: AsyncIterable<readonly RecordedSession[]>;
  readonly refusals: AsyncIterable<readonly RecordedRefusal[]>;
}

/**
 * The whole record, however long.
 * @param goesOn asked between two pages; throws where reading should stop.
 * @throws TooManyCalls as soon as there are more than are replayed at once, and whatever reading throws.
 */
export async function readRecord(
  { sessions, refusals }: RecordPages,
  terms: RecordTerms,
  goesOn: () => void = () => undefined,
): Promise<CallsRecord> {
  const record = new CallsRecord(terms);
  for await (const page of sessions) {
    goesOn();
    record.addSessions(page);
  }
  if (terms.taken === 'none') return record;
  for await (const page of refusals) {
    goesOn();
    record.addRefusals(page);
  }
  return record;
}
