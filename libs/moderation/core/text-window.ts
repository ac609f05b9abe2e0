// Follows streams of text that come in pieces, and gives for each new piece the text that a hook must see: the piece and
// as much before it as the hook's look-back, so that a term over five pieces is found. Bounded: in streams, and in
// text kept of each. A cut never parts a surrogate pair.

/** A piece with what precedes it. */
export interface WindowedText {
  readonly text: string;
  /** Where `text` begins in the stream, in UTF-16 code units. */
  readonly startsAt: number;
}

/** More streams than a session has open at once: responses, their items, and transcriptions. */
const STREAMS_MAX = 64;
/** What "all of the stream" means at most: far more than anybody says in a turn. */
export const LOOK_BACK_MAX = 65_536;

interface Kept {
  text: string;
  startsAt: number;
}

/** The open streams of one session, as one hook needs them. */
export class TextWindow {
  private readonly streams = new Map<string, Kept>();
  private readonly lookBack: number;

  /** @param lookBack UTF-16 code units to keep of each stream, at most `LOOK_BACK_MAX`; `all` for that. */
  constructor(lookBack: number | 'all') {
    this.lookBack = lookBack === 'all' ? LOOK_BACK_MAX : Math.min(lookBack, LOOK_BACK_MAX);
  }

  /** Adds a piece to a stream. */
  add(streamId: string, piece: string): WindowedText {
    const kept = this.streams.get(streamId) ?? this.open(streamId);
    const text = kept.text + piece;
    const windowed = { text, startsAt: kept.startsAt };
    const cut = cutBefore(text, Math.max(0, text.length - this.lookBack));
    kept.text = text.slice(cut);
    kept.startsAt += cut;
    return windowed;
  }

  /** The stream is over. */
  close(streamId: string): void {
    this.streams.delete(streamId);
  }

  private open(streamId: string): Kept {
    if (this.streams.size >= STREAMS_MAX) {
      const oldest = this.streams.keys().next();
      if (!oldest.done) this.streams.delete(oldest.value);
    }
    const kept = { text: '', startsAt: 0 };
    this.streams.set(streamId, kept);
    return kept;
  }
}

function cutBefore(text: string, at: number): number {
  const isLowSurrogate = (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  return at > 0 && isLowSurrogate ? at - 1 : at;
}
