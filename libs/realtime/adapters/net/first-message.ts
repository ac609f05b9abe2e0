// Waits for what an upstream says first, because a bad key or model is refused only after the 101, and for its answer where
// the session is set up before anybody gets it. What is read stays raw, to be scanned again by the session, so that its tap
// sees it like any other.
import { err, ok, type Result } from '@trunkline/kernel';
import { readClosePayload, type PeerClose } from '../../core/close-code.js';
import { OPCODE } from '../../core/frame-codec.js';
import { FrameScanner, isTooLarge } from '../../core/frame-scanner.js';
import type { Wire, WireListener } from '../../core/wire.js';

/** The first message of an upstream and everything that was read to see it. */
export interface FirstMessage {
  readonly first:
    { readonly kind: 'message'; readonly payload: Buffer } | { readonly kind: 'close'; readonly close: PeerClose };
  /** Every byte read so far, the first message included: the session's `upstreamHead`. */
  readonly rawBytes: Buffer;
  /** Those of them that came after it. */
  readonly restBytes: Buffer;
}

/** Why no first message came. */
export type FirstMessageFailure = 'timeout' | 'lost' | 'protocol_error' | 'too_large';

/** Bounds of the wait. */
export interface FirstMessageLimits {
  readonly deadlineMs: number;
  readonly bytesMax: number;
  /** Whether a message is the one that is waited for. Absent: the first one is. */
  readonly isIt?: (payload: Buffer) => boolean;
}

const FRAGMENTS_MAX = 256;

/** Waits for the first message (or close) of a fresh upstream wire. The wire is paused after; on failure, destroy it. */
export function readFirstMessage(
  wire: Wire,
  head: Buffer,
  limits: FirstMessageLimits,
): Promise<Result<FirstMessage, FirstMessageFailure>> {
  return new Promise((resolve) => {
    const reader = new FirstMessageReader(limits);
    let settled = false;
    const settle = (result: Result<FirstMessage, FirstMessageFailure>): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      wire.pause();
      resolve(result);
    };
    const timer = setTimeout(() => settle(err('timeout')), limits.deadlineMs);
    const listener: WireListener = {
      onData: (chunk) => {
        const result = reader.push(chunk);
        if (result !== null) settle(result);
      },
      onWritable: () => undefined,
      onEnd: () => settle(err('lost')),
      onClosed: () => settle(err('lost')),
    };
    wire.listen(listener);
    if (head.length > 0) listener.onData(head);
    if (!settled) wire.resume();
  });
}

/** Gathers bytes until a message or a close frame is complete. */
class FirstMessageReader {
  private readonly scanner: FrameScanner;
  private readonly raw: Buffer[] = [];
  private rawBytes = 0;
  private payload: Buffer[] = [];
  private control: Buffer[] = [];

  constructor(private readonly limits: FirstMessageLimits) {
    const { bytesMax } = limits;
    this.scanner = new FrameScanner('forbidden', { messageBytesMax: bytesMax, fragmentsMax: FRAGMENTS_MAX });
  }

  push(chunk: Buffer): Result<FirstMessage, FirstMessageFailure> | null {
    const kept = Buffer.from(chunk);
    this.raw.push(kept);
    this.rawBytes += kept.length;
    const { scanner } = this;
    scanner.feed(kept);
    for (let event = scanner.next(); event !== 'starved'; event = scanner.next()) {
      if (event === 'violation')
        return err(isTooLarge(scanner.violation ?? 'opcode_unknown') ? 'too_large' : 'protocol_error');
      if (event === 'payload') {
        const found = this.take(kept.subarray(scanner.pieceStart, scanner.pieceEnd));
        if (found !== null) return this.found(found, kept.subarray(scanner.pieceEnd));
      }
    }
    return this.rawBytes > this.limits.bytesMax * 2 ? err('too_large') : null;
  }

  /** @returns what was waited for, if it is complete; `protocol_error` for a close frame that is none. */
  private take(piece: Buffer): FirstMessage['first'] | 'protocol_error' | null {
    const { scanner } = this;
    if (!scanner.isControl) {
      this.payload.push(piece);
      if (!scanner.messageEnds) return null;
      const payload = Buffer.concat(this.payload);
      this.payload = [];
      return (this.limits.isIt?.(payload) ?? true) ? { kind: 'message', payload } : null;
    }
    this.control.push(piece);
    if (!scanner.frameEnds) return null;
    const payload = Buffer.concat(this.control);
    this.control = [];
    if (scanner.opcode !== OPCODE.close) return null; // The session answers pings when it scans these bytes again.
    const close = readClosePayload(payload);
    return close === null ? 'protocol_error' : { kind: 'close', close };
  }

  private found(
    first: FirstMessage['first'] | 'protocol_error',
    restBytes: Buffer,
  ): Result<FirstMessage, FirstMessageFailure> {
    if (first === 'protocol_error') return err(first);
    return ok({ first, rawBytes: Buffer.concat(this.raw), restBytes });
  }
}
