// What the simulator "hears". It cannot recognise speech: it recognises its own clips by an exact run of samples
// around each clip's loudest point, and otherwise picks a sentence from a table by a hash of the audio.
// Guarantees the same text for the same audio; leaves silence (no text at all) to the caller's energy check.
import type { ClipLibrary } from './clips.js';
import { bytesPerMs, sampleBytes, type AudioCodec } from './formats.js';

/** Sentences for audio that is none of our clips. */
const SENTENCES = [
  'Can you help me with my order?',
  'What is the weather like today?',
  'I would like to change my booking.',
  'Please tell me more about that.',
  'How much does it cost?',
  'Thank you, that is all.',
  'Could you say that again?',
  'Yes, please go ahead.',
];
/** 10 ms around the peak: long enough that no other speech has the same samples. */
const ANCHOR_MS = 10;

/** Recognises audio; the anchors are made once per codec on first use. */
export class Recogniser {
  readonly #library: ClipLibrary;
  readonly #anchors = new Map<AudioCodec, readonly { readonly anchor: Buffer; readonly transcript: string }[]>();

  constructor(library: ClipLibrary) {
    this.#library = library;
  }

  /** The text of `audio`: the sentences of the clips found in it, in order, or one from the table. */
  transcribe(audio: Buffer, codec: AudioCodec): string {
    const found = this.#anchorsOf(codec)
      .map(({ anchor, transcript }) => ({ at: audio.indexOf(anchor), transcript }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at);
    if (found.length > 0) return found.map(({ transcript }) => transcript).join(' ');
    return SENTENCES[hashOf(audio) % SENTENCES.length] ?? '';
  }

  #anchorsOf(codec: AudioCodec): readonly { readonly anchor: Buffer; readonly transcript: string }[] {
    const known = this.#anchors.get(codec);
    if (known !== undefined) return known;
    const made = this.#library.clips.map((clip) => ({
      anchor: anchorOf(this.#library.encoded(clip, codec), peakMs(clip.samples), codec),
      transcript: clip.transcript,
    }));
    this.#anchors.set(codec, made);
    return made;
  }
}

function peakMs(samples: Int16Array): number {
  let peak = 0;
  let loudest = 0;
  for (const [index, sample] of samples.entries()) {
    const level = sample < 0 ? -sample : sample;
    if (level <= loudest) continue;
    loudest = level;
    peak = index;
  }
  return peak / 24;
}

function anchorOf(bytes: Buffer, ms: number, codec: AudioCodec): Buffer {
  const length = ANCHOR_MS * bytesPerMs(codec);
  const unit = sampleBytes(codec);
  const start = Math.max(0, Math.floor((ms * bytesPerMs(codec) - length / 2) / unit) * unit);
  return bytes.subarray(start, start + length);
}

/** FNV-1a over every 97th byte and the length: cheap, and enough to tell recordings apart. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < bytes.length; i += 97) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}
