// One byte duplex, as the relay sees it: a TCP or TLS connection after the WebSocket upgrade. The port exists so that
// the fast path (bytes read into reused memory) and ordinary streams are the same thing to the pumps. A wire carries
// bytes, never frames, and reports each ending once. It leaves deadlines and flow-control decisions to its owner.

/** What a wire tells its reader. Calls never overlap, and none comes after `onClosed`. */
export interface WireListener {
  /** Bytes from the peer. Unless the wire's memory is `fresh` it is valid only during the call. */
  onData(chunk: Buffer): void;
  /** `bufferedBytes` went down. */
  onWritable(): void;
  /** The peer will send nothing more (it shut its side down); writing may still work. */
  onEnd(): void;
  /** The connection is gone. `error` says why when it was not an orderly close. */
  onClosed(error: Error | null): void;
}

/** One byte duplex. Created paused and without a reader; nothing is lost before `listen` and `resume`. */
export interface Wire {
  /**
   * What happens to the memory given to `onData` after the call: `reused` means it is overwritten, `fresh` that it may
   * be kept, and therefore be passed on with `writeOwned`.
   */
  readonly memory: 'reused' | 'fresh';
  /** Bytes accepted by `write` and not yet by the operating system. */
  readonly bufferedBytes: number;
  /** Sets the reader; may be called again to hand the wire on. On a dead wire `onClosed` follows on a later turn. */
  listen(listener: WireListener): void;
  /** Starts reading, or starts again after `pause`. */
  resume(): void;
  /** Stops reading. A few bytes that were already read may still arrive; the reader must accept them. */
  pause(): void;
  /**
   * Sends bytes. The memory is the caller's again on return: what the system did not take was copied.
   * Returns false if anything is still buffered. After `end`, `destroy` or a close the bytes are dropped.
   */
  write(chunk: Buffer): boolean;
  /** As `write`, but the memory is given away and must not change afterwards, which saves the copy. */
  writeOwned(chunk: Buffer): boolean;
  /** Shuts our side down once everything buffered is sent. */
  end(): void;
  /** Closes now; what is buffered is lost. May be called at any time and more than once. */
  destroy(): void;
}
