// Time as a port, so that core code is deterministic in tests. `systemClock` is the one place that reads the machine's.

/** Where core code takes time from. */
export interface Clock {
  /** Unix time in milliseconds; may jump. For event times and expiry shown to people. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. For durations and deadlines. */
  monotonicMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
