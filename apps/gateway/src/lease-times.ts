// Whether the times that an operator gave for lines fit what this gateway does on them.
import type { LeaseTerms } from '@trunkline/admission';
import { ConfigRefused } from '@trunkline/platform/config';

// On a line that was waited for the budget is looked at before the dial: the ledger may take 500 ms and each of two counters
// as long. After it the line is confirmed, which may take 500 ms; the rest is for a process that is late.
const BESIDE_DIAL_MS = 2_500;

const CENTURY_MS = 100 * 365 * 24 * 3_600_000;

/**
 * The times of a process that counts for itself: a session's line does not lapse. Nobody else could be given it whose session
 * is gone, for all end with the process; and one that stood still for longer than a lease's life must not lend out, at its
 * first step, the lines of sessions that are open.
 */
export function termsOfOneProcess(terms: LeaseTerms): LeaseTerms {
  return { ...terms, confirmedMs: CENTURY_MS };
}

/** What the times have to fit. */
export interface LeaseUse {
  /** The longest dial, in milliseconds. */
  readonly dialMsMax: number;
  /** Whether lines are lent while the store is away. */
  readonly lends: boolean;
}

/** @throws ConfigRefused for times under which a line could be lent twice, or never though it is to be. */
export function assertTimesFit({ pendingMs, confirmedMs }: LeaseTerms, { dialMsMax, lends }: LeaseUse): void {
  const neededMs = dialMsMax + BESIDE_DIAL_MS;
  if (pendingMs <= neededMs)
    throw new ConfigRefused([
      `--lease-pending-ttl: ${pendingMs} ms must be more than ${neededMs} ms: a dial may take ${dialMsMax} ms, and looking at the budget before it and confirming the line after it ${BESIDE_DIAL_MS} ms`,
    ]);
  if (lends && confirmedMs <= pendingMs)
    throw new ConfigRefused([
      `--redis-away: static-share lends no line unless --lease-ttl (${confirmedMs} ms) is more than --lease-pending-ttl (${pendingMs} ms): a line must outlast the dial on it`,
    ]);
}
