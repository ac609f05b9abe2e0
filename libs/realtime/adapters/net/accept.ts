// Answers an upgrade request: a refusal in plain HTTP, or the 101 that turns the socket into a wire.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '@trunkline/kernel';
import type { Wire } from '../../core/wire.js';

/** Writes the refusal as an OpenAI-shaped JSON response and closes the socket safely. */
export declare function refuseUpgrade(
  socket: Duplex,
  refusal: Refusal,
  extraHeaders?: Readonly<Record<string, string>>,
): void;

/** A client that was upgraded. */
export interface AcceptedClient {
  readonly wire: Wire;
  /** Bytes that came with the request. */
  readonly head: Buffer;
}

/** What the 101 says beside the mandatory headers. */
export interface AcceptOptions {
  readonly subprotocol: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes the 101 and returns the client's wire. No extension is ever accepted. */
export declare function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions,
): AcceptedClient;

/** Fires when the client goes away before it was answered, so that waiting and dialling for it can stop. */
export declare function clientGone(socket: Duplex): AbortSignal;
