// What a transcription would be billed for if it were never reported: the audio that was committed, by the model's own unit.
import type { EstimateDoubt, SeenUsage } from '@trunkline/metering';
import type { HeardAudio } from './heard-audio.js';
import { spokenTokens, textTokens, userAudioTokens } from './token-rates.js';
import { tokens } from './usage.js';

// All other models report seconds (protocol facts 4.2).
const TOKEN_MODELS = /^gpt-4o-(mini-)?transcribe/;

/** The estimate of one item. */
export function seenTranscription(
  heard: HeardAudio,
  { model, prompt }: { readonly model: string; readonly prompt: unknown },
): SeenUsage {
  const byBytes: EstimateDoubt[] = heard.by === 'bytes' ? ['audio_by_bytes'] : [];
  const facts = { heard_ms: Math.round(heard.ms) };
  if (!TOKEN_MODELS.test(model)) {
    const quantityMicro = BigInt(Math.round(heard.ms)) * 1_000n;
    return {
      quantities: [{ meter: 'transcription_seconds', quantityMicro }],
      method: 'heard_audio',
      doubts: byBytes,
      facts,
    };
  }
  return {
    quantities: tokens({
      transcription_input_text: typeof prompt === 'string' ? textTokens(prompt) : 0,
      transcription_input_audio: userAudioTokens(heard.ms),
      transcription_output_text: spokenTokens(heard.ms),
    }),
    method: 'heard_audio',
    doubts: [...byBytes, 'transcript_unseen'],
    facts,
  };
}
