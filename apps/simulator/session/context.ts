// What the parts of one session share: its settings, its conversation and the way out to the client. Guarantees that
// every server event gets an event_id and leaves in the order it was emitted.
import type { Recogniser } from '../audio/recognise.js';
import type { ClipLibrary } from '../audio/clips.js';
import type { Books } from '../books.js';
import type { ResponseRecord, SessionRecord } from '../books-records.js';
import type { Clock } from '../clock.js';
import type { ModelEntry, SimulatorConfig } from '../config.js';
import type { Ids } from '../ids.js';
import type { TokenLimiter } from '../limiter.js';
import type { Conversation } from './conversation.js';
import type { ProtocolError } from './errors.js';
import type { SessionSettings } from './settings.js';

/** A server event before it gets its id. */
export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The connection, as the session sees it. */
export interface Wire {
  /** Sends one text frame; `type` lets fault scripts find their point. */
  send(type: string, frame: string): void;
  /** Sends `response.done`; fault scripts may strip or double it, and the books learn whether it left. */
  sendResponseDone(event: ServerEvent & { readonly event_id: string }, record: ResponseRecord): void;
  /** False while the client is too slow; audio then waits. */
  canSend(): boolean;
  /** Closes the connection from the server's side. */
  close(code: number, reason: string): void;
}

/** Shared by all sessions of a simulator. */
export interface SessionServices {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly clips: ClipLibrary;
  readonly recogniser: Recogniser;
  readonly limiter: TokenLimiter;
  readonly books: Books;
  config(): SimulatorConfig;
}

/** One session's shared state. */
export interface SessionContext extends SessionServices {
  readonly wire: Wire;
  readonly record: SessionRecord;
  readonly model: ModelEntry;
  readonly conversation: Conversation;
  readonly conversationId: string;
  settings: SessionSettings;
}

/** Sends an event. */
export function emit(context: SessionContext, event: ServerEvent): void {
  const { type, ...fields } = event;
  context.wire.send(type, JSON.stringify({ type, event_id: context.ids.event(), ...fields }));
}

/** Sends an error event; `eventId` is the client event that caused it, null when it had none. */
export function emitError(context: SessionContext, error: ProtocolError, eventId: string | null): void {
  const { code, message, param } = error;
  emit(context, {
    type: 'error',
    error: { type: 'invalid_request_error', code, message, param, event_id: eventId },
  });
}
