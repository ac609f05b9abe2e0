// The bounds of one session. All are plain data, so that a tenant's policy can choose them.

/** Bounds of a relayed session. Times in milliseconds, sizes in bytes. */
export interface RelayLimits {
  /** Largest message, all its fragments together. */
  readonly messageBytesMax: number;
  /** Most frames that one message may be split into; a tiny-fragment flood ends here. */
  readonly fragmentsMax: number;
  /** A sink that has more than this buffered stops its source. */
  readonly highWaterBytes: number;
  /** The source starts again when the sink has at most this buffered. */
  readonly lowWaterBytes: number;
  /** A sink that has more than this buffered ends the session at once. */
  readonly hardCapBytes: number;
  /** A source stopped for longer than this by its sink ends the session. */
  readonly pausedMsMax: number;
  /** How often each side is pinged. */
  readonly pingIntervalMs: number;
  /** A side that was silent for this long, pings notwithstanding, is dead. */
  readonly deadPeerMs: number;
  /** The longest time without a message from the client or the upstream; null for no limit. */
  readonly idleMsMax: number | null;
  /** The longest session; null for no limit. */
  readonly durationMsMax: number | null;
}

/**
 * Defaults. 16 MiB holds a 15 MiB audio append, the largest event OpenAI documents. The hard cap lets one held message of
 * that size go out over the high-water mark: whatever is not held stops there. 20 s is OpenAI's own ping interval, and two
 * missed pongs make a dead peer within 45 s. A receiver has 30 s to take what is buffered: a quarter of the bit rate of
 * 24 kHz audio is enough.
 */
export const RELAY_LIMITS: RelayLimits = {
  messageBytesMax: 16 * 1024 * 1024,
  fragmentsMax: 4096,
  highWaterBytes: 1024 * 1024,
  lowWaterBytes: 256 * 1024,
  hardCapBytes: 20 * 1024 * 1024,
  pausedMsMax: 30_000,
  pingIntervalMs: 20_000,
  deadPeerMs: 42_000,
  idleMsMax: null,
  durationMsMax: null,
};
