// Real speech for the specs: the simulator's own clips as append events, and silence.
import { loadClips } from '../../../../apps/simulator/index.js';

const clips = loadClips();

/** Base64 of a clip in a codec. */
export function speech(name: string, codec: 'audio/pcm' | 'audio/pcmu' | 'audio/pcma' = 'audio/pcm'): Buffer {
  return clips.encoded(clips.named(name), codec);
}

/** Digital silence. */
export function silence(ms: number, codec: 'audio/pcm' | 'audio/pcmu' | 'audio/pcma' = 'audio/pcm'): Buffer {
  if (codec === 'audio/pcm') return Buffer.alloc(ms * 48);
  return Buffer.alloc(ms * 8, codec === 'audio/pcmu' ? 0xff : 0xd5);
}

/** Append events of 100 ms each for some audio. */
export function appends(audio: Buffer, bytesPerMs = 48): { type: string; audio: string }[] {
  const step = bytesPerMs * 100;
  const count = Math.ceil(audio.length / step);
  return Array.from({ length: count }, (_, index) => ({
    type: 'input_audio_buffer.append',
    audio: audio.subarray(index * step, (index + 1) * step).toString('base64'),
  }));
}
