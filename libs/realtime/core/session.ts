// One call: a client wire and an upstream wire, relayed both ways until the first end cause.
import type { FrameTap } from './tap.js';
import type { EndCause, EndedBy } from './end-cause.js';
import type { RelayLimits } from './limits.js';
import type { RelayProbe } from './probe.js';
import type { SessionCounters } from './counters.js';
import type { Ticker } from './ticker.js';
import type { Wire } from './wire.js';

/** What a session is made of. The session owns both wires from its construction on. */
export interface SessionParts {
  /** For error events; any text that is unique per session. */
  readonly id: string;
  readonly client: Wire;
  readonly upstream: Wire;
  /** Bytes already read from either side; scanned first, like any others. */
  readonly clientHead: Buffer;
  readonly upstreamHead: Buffer;
  readonly taps: { readonly fromClient: FrameTap | null; readonly fromUpstream: FrameTap | null };
  readonly limits: RelayLimits;
  readonly ticker: Ticker;
  readonly probe: RelayProbe;
  /** A fresh random 32-bit number per frame that we send upstream (RFC 6455 section 5.3). */
  readonly maskKey: () => number;
}

/** One call. `end` is the only way out; what happens after it (settlement) is the caller's to order. */
export declare class Session {
  constructor(parts: SessionParts);
  readonly id: string;
  readonly counters: SessionCounters;
  /** Resolves with the first end cause, exactly once. Never rejects. */
  readonly ended: Promise<EndedBy>;
  /** Starts both pumps: heads first. */
  start(): void;
  /** Latches the cause unless one is latched already. Client input stops; the upstream is still read. */
  end(cause: EndCause, detail?: string): void;
  /** Sends a text message to the client at the next message boundary. False if it cannot be sent any more. */
  sendClient(text: string): boolean;
  /** Sends a text message upstream at the next message boundary. False if it cannot be sent any more. */
  sendUpstream(text: string): boolean;
  /** Discards all further messages of the client; its pings and close are still answered. */
  stopClientInput(): void;
  /**
   * Closes the upstream: close frame, wait for its close up to the deadline, then cut. Its messages are read and shown
   * to the tap until then. Resolves when the wire is gone.
   */
  closeUpstream(code: number, reason: string, deadlineMs: number): Promise<void>;
  /**
   * Closes the client as the latched end cause says (error event, close frame), waits for its close up to the deadline,
   * then cuts. Ends the session with `internal_error` if nothing ended it before. Resolves when the wire is gone.
   */
  closeClient(deadlineMs: number): Promise<void>;
}
