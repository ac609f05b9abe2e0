// The three audio formats of the Realtime API and their arithmetic: bytes, samples and milliseconds.
// Guarantees one place for rates; leaves encoding to g711.ts.
import { z } from 'zod';

/** Wire form of a format (facts 3.3): PCM16 is always 24 kHz, G.711 always 8 kHz. */
export const formatSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24000).default(24000) }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') }),
]);

export type WireFormat = z.infer<typeof formatSchema>;
export type AudioCodec = WireFormat['type'];

/** PCM16 at 24 kHz is 48 bytes a millisecond; G.711 at 8 kHz is 8. */
export function bytesPerMs(codec: AudioCodec): number {
  return codec === 'audio/pcm' ? 48 : 8;
}

/** Bytes of one sample: the unit in which audio may be cut. */
export function sampleBytes(codec: AudioCodec): number {
  return codec === 'audio/pcm' ? 2 : 1;
}
