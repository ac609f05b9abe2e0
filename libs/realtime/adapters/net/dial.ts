// Opens a WebSocket to an upstream and hands it over as a wire. Knows no vendor.
import type { Result } from '@trunkline/kernel';
import type { PeerClose } from '../../core/end-cause.js';
import type { Wire } from '../../core/wire.js';

/** Where and how to dial. */
export interface DialOptions {
  /** `ws:`, `wss:`, `http:` or `https:`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** Extra certificate authorities in PEM; the system's are used otherwise. */
  readonly ca?: string | readonly string[];
  /** For everything up to the 101. */
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes?: number;
  readonly signal?: AbortSignal;
}

/** Why a dial failed. `detail` is for our logs. */
export type DialFailure =
  | {
      readonly kind: 'http_status';
      readonly status: number;
      /** Selected response headers, lower case. */
      readonly headers: Readonly<Record<string, string>>;
      /** The body, bounded. */
      readonly body: string;
    }
  | { readonly kind: 'unreachable' | 'timeout' | 'tls_invalid' | 'bad_upgrade' | 'aborted'; readonly detail: string };

/** An open upstream. */
export interface Dialled {
  readonly wire: Wire;
  /** Bytes that came with the 101. */
  readonly head: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens a WebSocket without any extension. Never throws for what the network or the peer does. */
export declare function dial(options: DialOptions): Promise<Result<Dialled, DialFailure>>;

/** The first message of an upstream and everything that was read to see it. */
export interface FirstMessage {
  readonly first:
    { readonly kind: 'message'; readonly payload: Buffer } | { readonly kind: 'close'; readonly close: PeerClose };
  /** Every byte read so far, the first message included: the session's `upstreamHead`. */
  readonly rawBytes: Buffer;
}

/** Why no first message came. */
export type FirstMessageFailure = 'timeout' | 'lost' | 'protocol_error' | 'too_large';

/** Waits for the first message (or close) of a fresh upstream wire and leaves the wire paused. */
export declare function readFirstMessage(
  wire: Wire,
  head: Buffer,
  limits: { readonly deadlineMs: number; readonly bytesMax: number },
): Promise<Result<FirstMessage, FirstMessageFailure>>;
