// Waits for the first thing an upstream says, because a bad key or model is refused only after the 101. What is read
// stays raw, to be scanned again by the session, so that its tap sees the first event like any other.
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
}

/** Why no first message came. */
export type FirstMessageFailure = 'timeout' | 'lost' | 'protocol_error' | 'too_large';

/** Bounds of the wait. */
export interface FirstMessageLimits {
  readonly deadlineMs: number;
  readonly bytesMax: number;
}

const FRAGMENTS_MAX = 256;

/** Waits for the first message (or close) of a fresh upstream wire. The wire is paused after; on failure, destroy it. */
export function readFirstMessage(
  wire: Wire,
  head: Buffer,
  limits: FirstMessageLimits,
): Promise<Result<FirstMessage, FirstMessageFailure>> {
  return new Promise((resolve) => {
    const reader = new FirstMessageReader(limits.bytesMax);
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
  private readonly payload: Buffer[] = [];
  private control: Buffer[] = [];

  constructor(private readonly bytesMax: number) {
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
        if (found !== null) return found;
      }
    }
    return this.rawBytes > this.bytesMax * 2 ? err('too_large') : null;
  }

  private take(piece: Buffer): Result<FirstMessage, FirstMessageFailure> | null {
    const { scanner } = this;
    if (!scanner.isControl) {
      this.payload.push(piece);
      return scanner.messageEnds ? this.found({ kind: 'message', payload: Buffer.concat(this.payload) }) : null;
    }
    this.control.push(piece);
    if (!scanner.frameEnds) return null;
    const payload = Buffer.concat(this.control);
    this.control = [];
    if (scanner.opcode !== OPCODE.close) return null; // The session answers pings when it scans these bytes again.
    const close = readClosePayload(payload);
    return close === null ? err('protocol_error') : this.found({ kind: 'close', close });
  }

  private found(first: FirstMessage['first']): Result<FirstMessage, FirstMessageFailure> {
    return ok({ first, rawBytes: Buffer.concat(this.raw) });
  }
}
