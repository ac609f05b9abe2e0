// What the relay reports about itself while it runs. Counts are not reported: they are read from the session's
// counters by whoever wants them, so that no frame pays for a metric label look-up.

/** The direction in which bytes travel, named after their sender. */
export type Direction = 'fromClient' | 'fromUpstream';

/** Receives samples of the time the relay keeps bytes. */
export interface RelayProbe {
  /** Seconds from a chunk's arrival to its last byte being handed to the other side; about one chunk in 64. */
  relayDelay(direction: Direction, seconds: number): void;
}

/** A probe that nobody reads. */
export const SILENT_PROBE: RelayProbe = { relayDelay: () => undefined };
