// What a hook is shown: a piece of what somebody said, typed or sent, apart from any vendor's event and any socket, so
// that a WebSocket session, a call seen through a sideband and a chat stream are judged alike. Where the pieces are
// found in a vendor's events is for the dialects (providers); what becomes of them is for the pipeline.

/** Who speaks: the caller and their app, or the model. */
export type ContentDirection = 'input' | 'output';

interface KindEntry {
  readonly direction: ContentDirection;
  /** Whether it comes in pieces: then hooks see it grow, and judge more than once. */
  readonly streams: boolean;
}

/** Every kind of content that can be judged. */
export const CONTENT_KINDS = {
  /** Text that an app puts into the conversation as what its user said. */
  typed_text: { direction: 'input', streams: false },
  /** Instructions of a session or a response. */
  instructions: { direction: 'input', streams: false },
  /** Names, descriptions and parameters of tools. */
  tools: { direction: 'input', streams: false },
  /** What the caller said, as transcribed. */
  input_transcript: { direction: 'input', streams: true },
  /** What a tool gave back. */
  tool_result: { direction: 'input', streams: false },
  /** A picture, as a data URL. */
  image: { direction: 'input', streams: false },
  /** What the model says or writes. */
  output_text: { direction: 'output', streams: true },
  /** What the model calls a tool with. */
  tool_arguments: { direction: 'output', streams: true },
} as const satisfies Record<string, KindEntry>;

/** A kind of content. */
export type ContentKind = keyof typeof CONTENT_KINDS;

/** Which way content of a kind goes. */
export function directionOf(kind: ContentKind): ContentDirection {
  return CONTENT_KINDS[kind].direction;
}

/** Whether a text names a kind of content. */
export function isContentKind(text: string): text is ContentKind {
  return Object.hasOwn(CONTENT_KINDS, text);
}

/** One piece to be judged. Never logged, never in an error. */
export interface Content {
  readonly kind: ContentKind;
  /**
   * What it belongs to: the vendor's item or response id, and the part within it. Pieces of one stream share it; null
   * where nothing can follow.
   */
  readonly streamId: string | null;
  /** All of the stream so far that a hook needs to see again (see `text-window.ts`), newest last; a data URL for images. */
  readonly text: string;
  /** Where `text` begins in the stream, in UTF-16 code units. */
  readonly startsAt: number;
  /** Whether nothing more of the stream will come. */
  readonly complete: boolean;
}
