// Remembers what the deltas of streams said, so that the event that ends a stream can be held against them. Keeps a hash
// and a length of each stream, never its text.
import { createHash, type Hash } from 'node:crypto';

interface Seen {
  readonly hash: Hash;
  /** UTF-16 code units. */
  length: number;
}

// Streams whose deltas were seen and whose end was not: more than any real session has open.
const STREAMS_MAX = 256;

/** The open streams of one session. */
export class SeenStreams {
  private readonly streams = new Map<string, Seen>();

  /** A delta of a stream. */
  add(streamId: string, delta: string): void {
    const seen = this.streams.get(streamId) ?? this.open(streamId);
    // Not UTF-8, in which halves of a character that lies over two deltas are lost.
    seen.hash.update(delta, 'utf16le');
    seen.length += delta.length;
  }

  /** A stream is over. @returns what of it no delta said; null when it begins otherwise than its deltas. */
  end(streamId: string, text: string): string | null {
    const seen = this.streams.get(streamId);
    this.streams.delete(streamId);
    if (seen === undefined) return text;
    const begins = createHash('sha256').update(text.slice(0, seen.length), 'utf16le').digest();
    return seen.length <= text.length && seen.hash.digest().equals(begins) ? text.slice(seen.length) : null;
  }

  private open(streamId: string): Seen {
    const [oldest] = this.streams.size >= STREAMS_MAX ? this.streams.keys() : [];
    if (oldest !== undefined) this.streams.delete(oldest);
    const seen = { hash: createHash('sha256'), length: 0 };
    this.streams.set(streamId, seen);
    return seen;
  }
}
