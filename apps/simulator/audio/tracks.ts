// Speech ready to stream: chunks of audio with the moments at which words begin. Guarantees that a delta count or size
// asked for by the configuration is met exactly; leaves pacing to session/response-run.ts.
import type { AudioChunk, Clip, ClipLibrary } from './clips.js';
import { bytesPerMs, sampleBytes, type AudioCodec } from './formats.js';

/** The next thing to send: a word, or a chunk of audio. `atMs` is the place in the audio at which it begins. */
export type SpeechPiece =
  | { readonly kind: 'word'; readonly text: string; readonly atMs: number }
  | { readonly kind: 'audio'; readonly chunk: AudioChunk; readonly atMs: number };

/** How much to say. */
export interface SpeechLength {
  readonly audioMs: number | null;
  readonly deltas: number | null;
  readonly deltaBytes: number | null;
}

/**
 * Speaks `clips` in order. With `audioMs` the clips repeat until it is reached; with `deltas` all clips are spoken as
 * one endless text, so that each delta has exactly the size asked for. Lazy: a long reply costs no memory.
 */
export function* speak(
  library: ClipLibrary,
  clips: readonly Clip[],
  codec: AudioCodec,
  length: SpeechLength,
): Generator<SpeechPiece> {
  const counted = length.deltas !== null;
  const spoken = counted ? [library.everything] : clips;
  const endMs = counted ? Infinity : (length.audioMs ?? Infinity);
  let at: Position = { ms: 0, deltas: 0, words: 0 };
  do {
    for (const clip of spoken) {
      at = yield* speakClip(library, clip, codec, { ...length, endMs, at });
      if (at.deltas === length.deltas || at.ms >= endMs) return;
    }
  } while (counted || length.audioMs !== null);
}

interface Position {
  readonly ms: number;
  readonly deltas: number;
  readonly words: number;
}

function* speakClip(
  library: ClipLibrary,
  clip: Clip,
  codec: AudioCodec,
  { at, endMs, deltas: deltasMax, deltaBytes }: SpeechLength & { readonly endMs: number; readonly at: Position },
): Generator<SpeechPiece, Position> {
  const starts = wordStarts(clip);
  let { ms, deltas, words } = at;
  for (const chunk of library.chunks(clip, codec, { base64Bytes: deltaBytes, wholeOnly: deltasMax !== null })) {
    while ((starts[0]?.atMs ?? Infinity) < ms - at.ms + chunk.ms) {
      const word = starts.shift()?.text ?? '';
      yield { kind: 'word', text: words === 0 ? word : ` ${word}`, atMs: ms };
      words += 1;
    }
    const sent = endMs - ms < chunk.ms ? shorten(chunk, codec, endMs - ms) : chunk;
    yield { kind: 'audio', chunk: sent, atMs: ms };
    ms = endMs - ms <= chunk.ms ? endMs : ms + chunk.ms;
    deltas += 1;
    if (deltas === deltasMax || ms >= endMs) break;
  }
  return { ms, deltas, words };
}

/** The first `ms` of a chunk, cut on a sample. */
export function shorten(chunk: AudioChunk, codec: AudioCodec, ms: number): AudioChunk {
  const unit = sampleBytes(codec);
  const size = Math.floor((ms * bytesPerMs(codec)) / unit) * unit;
  const bytes = Buffer.from(chunk.base64, 'base64').subarray(0, size);
  return { base64: bytes.toString('base64'), bytes: bytes.length, ms: bytes.length / bytesPerMs(codec) };
}

/** Words begin in proportion to the letters before them: the clips carry no alignment. */
function wordStarts(clip: Clip): { text: string; atMs: number }[] {
  const words = clip.transcript.split(' ');
  let letters = 0;
  return words.map((text) => {
    const atMs = (letters / clip.transcript.length) * clip.durationMs;
    letters += text.length + 1;
    return { text, atMs };
  });
}
