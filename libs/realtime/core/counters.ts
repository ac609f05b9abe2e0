// The running counts of one session: plain numbers that the pumps increment and anyone may read at any time.

/** Counts of one direction, named after the sender. */
export interface FlowCounters {
  /** Bytes read from the sender, frame headers included. */
  bytes: number;
  /** Data and control frames read. */
  frames: number;
  /** Whole messages read. */
  messages: number;
  /** Messages collected for a verdict. */
  held: number;
  /** The most bytes that waited for the receiver at one time. */
  bufferedBytesPeak: number;
  /** How often the sender was stopped because the receiver was slow. */
  pauses: number;
  /** Monotonic milliseconds of the last bytes from the sender, to the precision of the ticker. */
  lastActivityMs: number;
}

/** Counts of a session. */
export interface SessionCounters {
  readonly fromClient: FlowCounters;
  readonly fromUpstream: FlowCounters;
}

/** All zero, as of a session that starts now. */
export function newFlowCounters(nowMs: number): FlowCounters {
  return { bytes: 0, frames: 0, messages: 0, held: 0, bufferedBytesPeak: 0, pauses: 0, lastActivityMs: nowMs };
}
