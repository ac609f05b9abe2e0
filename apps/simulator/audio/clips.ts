// The voice clips: real speech with its words, ready to stream. Encodings and base64 chunks are made once per
// (clip, codec, chunking) and shared by all sessions, so a delta costs no re-encoding.
// Guarantees the same words and audio for the same clip; leaves which clip to speak to session/reply.ts.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { bytesPerMs, sampleBytes, type AudioCodec } from './formats.js';
import { encodeG711 } from './g711.js';
import { bytesOf, readClipWav } from './pcm.js';
import { to8kHz } from './resample.js';

const clipsFileSchema = z.array(
  z.strictObject({ name: z.string(), role: z.enum(['assistant', 'user']), file: z.string(), transcript: z.string() }),
);

/** A stretch of encoded audio as it goes on the wire. */
export interface AudioChunk {
  readonly base64: string;
  readonly bytes: number;
  readonly ms: number;
}

/** One spoken sentence. `role` says whose voice it is: user clips are for tests, and are recognised on input. */
export interface Clip {
  readonly name: string;
  readonly role: 'assistant' | 'user';
  readonly transcript: string;
  readonly durationMs: number;
  /** PCM16 samples at 24 kHz. */
  readonly samples: Int16Array;
}

/** Default delta sizes in milliseconds: 4 to 32 KB of base64 in PCM16, small first so that speech starts early. */
const CHUNK_PATTERN_MS = [64, 128, 256, 256, 512, 256];
/** Distinct (clip, codec, size) encodings kept; far above what one configuration uses. */
const CHUNKED_MAX = 512;

/** The clips and their cached encodings. */
export class ClipLibrary {
  readonly clips: readonly Clip[];
  readonly assistant: readonly Clip[];
  /** All assistant clips as one long one, for replies of a set number of deltas. */
  readonly everything: Clip;
  readonly #encoded = new Map<string, Buffer>();
  readonly #chunked = new Map<string, readonly AudioChunk[]>();

  constructor(clips: readonly Clip[]) {
    this.clips = clips;
    this.assistant = clips.filter((clip) => clip.role === 'assistant');
    if (this.assistant.length === 0) throw new Error('clips.json names no assistant clip: run clips/make.sh');
    this.everything = joined(this.assistant);
  }

  /** The clip called `name`; throws when there is none. */
  named(name: string): Clip {
    const clip = this.clips.find((each) => each.name === name);
    if (clip === undefined) throw new Error(`no voice clip is called "${name}"`);
    return clip;
  }

  /** The whole clip in a codec's bytes. */
  encoded(clip: Clip, codec: AudioCodec): Buffer {
    const key = `${clip.name} ${codec}`;
    const known = this.#encoded.get(key);
    if (known !== undefined) return known;
    const bytes = codec === 'audio/pcm' ? bytesOf(clip.samples) : encodeG711(codec, to8kHz(clip.samples));
    this.#encoded.set(key, bytes);
    return bytes;
  }

  /** The clip cut into deltas. */
  chunks(clip: Clip, codec: AudioCodec, cutting: Cutting): readonly AudioChunk[] {
    const key = `${clip.name} ${codec} ${cutting.base64Bytes ?? 'pattern'} ${cutting.wholeOnly}`;
    const known = this.#chunked.get(key);
    if (known !== undefined) return known;
    if (this.#chunked.size >= CHUNKED_MAX) this.#chunked.clear();
    const bytes = this.encoded(clip, codec);
    const chunks = cutting.wholeOnly
      ? cutWhole(bytes, codec, cutting.base64Bytes)
      : cut(bytes, codec, cutting.base64Bytes);
    this.#chunked.set(key, chunks);
    return chunks;
  }
}

/** How a clip is cut: `base64Bytes` fixes the size of each delta (null: a pattern), `wholeOnly` drops a short rest. */
export interface Cutting {
  readonly base64Bytes: number | null;
  readonly wholeOnly: boolean;
}

function cutWhole(bytes: Buffer, codec: AudioCodec, base64Bytes: number | null): readonly AudioChunk[] {
  if (base64Bytes === null) return cut(bytes, codec, null);
  let enough = bytes;
  while (enough.length < base64Bytes) enough = Buffer.concat([enough, bytes]);
  const chunks = cut(enough, codec, base64Bytes);
  return chunks.filter((chunk) => chunk.bytes === chunks[0]?.bytes);
}

function joined(clips: readonly Clip[]): Clip {
  const samples = new Int16Array(clips.reduce((sum, clip) => sum + clip.samples.length, 0));
  let at = 0;
  for (const clip of clips) {
    samples.set(clip.samples, at);
    at += clip.samples.length;
  }
  const transcript = clips.map((clip) => clip.transcript).join(' ');
  return { name: 'everything', role: 'assistant', transcript, samples, durationMs: samples.length / 24 };
}

/** Cuts encoded audio into wire chunks. */
export function cut(bytes: Buffer, codec: AudioCodec, base64Bytes: number | null): readonly AudioChunk[] {
  const chunks: AudioChunk[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const patternMs = CHUNK_PATTERN_MS[turn % CHUNK_PATTERN_MS.length] ?? 256;
    const wanted = base64Bytes === null ? patternMs * bytesPerMs(codec) : Math.floor((base64Bytes * 3) / 4);
    const size = Math.max(sampleBytes(codec), wanted - (wanted % sampleBytes(codec)));
    const part = bytes.subarray(at, at + size);
    chunks.push({ base64: part.toString('base64'), bytes: part.length, ms: part.length / bytesPerMs(codec) });
    at += size;
  }
  return chunks;
}

/** The folder of the clips, found from the sources as well as from the compiled tree by walking up to the package. */
export function findClipsFolder(from: string = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'apps', 'simulator', 'clips');
    if (existsSync(join(candidate, 'clips.json'))) return candidate;
    if (folder === dirname(folder)) {
      throw new Error(`the voice clips (apps/simulator/clips/clips.json) are not above ${from}`);
    }
  }
}

/** Reads the clips from disk. Throws with the file's name when one is missing or not mono 24 kHz PCM16. */
export function loadClips(folder: string = findClipsFolder()): ClipLibrary {
  const listed = clipsFileSchema.parse(JSON.parse(readFileSync(join(folder, 'clips.json'), 'utf8')));
  return new ClipLibrary(
    listed.map(({ name, role, file, transcript }) => {
      const samples = readSamples(join(folder, file));
      return { name, role, transcript, samples, durationMs: samples.length / 24 };
    }),
  );
}

function readSamples(path: string): Int16Array {
  try {
    return readClipWav(readFileSync(path));
  } catch (cause) {
    throw new Error(`cannot read the voice clip ${path}: run apps/simulator/clips/make.sh`, { cause });
  }
}
