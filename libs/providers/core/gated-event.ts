// What a dialect says about content in a vendor's events: where it stands, how to put something else there, and how to
// tell the vendor what a gate decided. Knows content kinds (moderation), no hooks and no policies; which
// events to look at follows from the kinds that a tenant's policy judges.
import type { ContentKind, Piece } from '@trunkline/moderation';

/** A piece of content in an event. */
export interface GatedPlace {
  readonly piece: Piece;
  /** Puts this in the place of the piece's text. */
  replace(text: string): void;
}

/** An event that carries content, read. */
export interface GatedEvent {
  readonly type: string;
  /** In the order in which they stand. */
  readonly places: readonly GatedPlace[];
  /** The output that it belongs to; null for what is not the model's. */
  readonly responseId: string | null;
  /** The id that an app gave its event; null where it gave none. */
  readonly eventId: string | null;
  /** The conversation item that it belongs to or creates; null where it has none of its own (yet). */
  readonly itemId: string | null;
  /** The event as it is now, replacements included. */
  payload(): Buffer;
}

/** Finds content in one session's events. Bounded memory; what it cannot read has no content. */
export interface ContentReader {
  /** Whether events of this type can carry content of the kinds that are judged. `unknown`: a type that could not be told. */
  carries(from: 'client' | 'upstream', type: string, judged: ReadonlySet<ContentKind>): boolean;
  /** Null when there is nothing to judge in it. */
  read(from: 'client' | 'upstream', payload: Buffer): GatedEvent | null;
}

/** What a gate says to the upstream, in the vendor's words. */
export interface GateWords {
  /** Stop this response and no other. */
  cancelResponse(responseId: string): string;
  /** Forget an item, so that it is neither billed nor repeated. */
  deleteItem(itemId: string): string;
  /** Of what the model said, only this much was heard. @param heardMs milliseconds of audio. */
  truncateItem(itemId: string, heardMs: number): string;
  /** The id of an event of the gate's own, by which a refusal names it. */
  ownEventId(name: string): string;
  /** What the upstream refuses by this id, and does nothing: its answer tells what came before it from what came after. */
  nothing(eventId: string): string;
  /** Answer now. */
  createResponse(eventId: string): string;
  /** Say this and nothing else, outside the conversation. @param mark comes back with the events of the response. */
  speakAside(line: string, mark: string): string;
  /** To the app: what it has of this response's audio and not played yet is not to be played. */
  audioCleared(responseId: string): string;
}
