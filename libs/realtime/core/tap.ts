// What a session lets others see of one direction. A tap decides at the start of each message, from its event type,
// whether the message is forwarded untouched or held for a verdict. It never sees bytes that it did not ask for, which
// is what keeps audio unparsed. A direction whose tap is null is not even sniffed.

/**
 * What happens to a message, decided before its bytes are forwarded:
 * - `pass`: forwarded untouched.
 * - `note`: forwarded untouched, and `noted` is called with its type and size once its end has gone by.
 * - `hold`: collected whole (up to the message limit) and given to `message`; what follows it waits.
 */
export type Interest = 'pass' | 'note' | 'hold';

/**
 * What becomes of a held message. `forward` sends the original bytes, `drop` sends nothing, `replace` sends these
 * payloads as text messages instead, in order (an empty list is a drop).
 */
export type FrameVerdict = 'forward' | 'drop' | { readonly replace: Buffer | readonly Buffer[] };

/** The type given for a message whose event type could not be read from its first bytes; it must be parsed. */
export const UNKNOWN_TYPE = 'unknown';

/** The type given for a binary message. No event type contains a `$`. */
export const BINARY_TYPE = '$binary';

/**
 * Sees one direction of a session. Called on the hot path: `interest` runs for each message and must not allocate.
 * A tap that throws or rejects ends its session with `internal_error`; the held message is not forwarded.
 */
export interface FrameTap {
  /**
   * What types are read from. `start`, where nothing is said: the first bytes of a message, so that it can pass while it still
   * comes; what names `type` twice is taken for the first. `whole`: a type is given only where every parser reads
   * the same, for which each message is kept back until it is whole (up to the message limit). For taps on which policy or
   * money rests, in a direction whose sender may want to fool them.
   */
  readonly typesFrom?: 'start' | 'whole';
  /**
   * Decides about a message of this type. Asked for `UNKNOWN_TYPE` too: a tap that subscribed to anything answers
   * `hold` there and parses, because the message may be one that it must see.
   * @param bytes the payload of the message's first frame as announced; of all of it, unless it is fragmented. Where types are
   * read from whole messages: of all of it.
   */
  interest(type: string, bytes: number): Interest;
  /** A message of a noted type was let through; `bytes` is its payload, over all its fragments. */
  noted?(type: string, bytes: number): void;
  /**
   * A held message, whole and unmasked. The payload is the tap's to keep. The sniffed type may be `UNKNOWN_TYPE`.
   * A promise must have its own deadline: until it settles, this direction stands still.
   */
  message(type: string, payload: Buffer): FrameVerdict | Promise<FrameVerdict>;
}
