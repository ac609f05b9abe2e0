// Time for sessions: one timer per process sweeps them all, because two timers per session and one per frame is what
// makes idle calls expensive. The port is here, the timer in adapters/net.

/** The shared timer of a process. */
export interface Ticker {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls `sweep` about once a second until the returned function is called. */
  add(sweep: (nowMs: number) => void): () => void;
}
