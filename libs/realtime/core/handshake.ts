// Reads the upgrade request of a client, which is untrusted.
import type { Refusal, Result } from '@trunkline/kernel';

/** The credential of a client and where it stood. */
export interface Credential {
  readonly key: string;
  readonly via: 'bearer' | 'subprotocol';
}

/** An upgrade request, parsed. The key in it was not checked yet. */
export interface Handshake {
  /** Path without query, as sent. */
  readonly path: string;
  readonly model: string | null;
  readonly intent: string | null;
  readonly callId: string | null;
  /** Other query parameters. */
  readonly query: ReadonlyMap<string, string>;
  readonly credential: Credential;
  readonly subprotocols: readonly string[];
  /** What the 101 must echo: browsers fail without it. */
  readonly selectedSubprotocol: 'realtime' | null;
  readonly dialect: 'ga' | 'beta';
  readonly origin: string | null;
  readonly websocketKey: string;
  readonly safetyIdentifier: string | null;
  readonly clientKind: 'server' | 'browser';
  readonly userAgent: string | null;
}

/** The parts of an HTTP request that matter here; `http.IncomingMessage` fits. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Parses the upgrade request, or says why it is refused. */
export declare function parseHandshake(request: UpgradeRequest): Result<Handshake, Refusal>;
