// A session as OpenAI shows it where a client secret is minted (protocol facts 2.1): what was asked for over its defaults.
// What is really in force is told by `session.created`, when one is opened.
import { asObject, type Json } from './json.js';

const SERVER_VAD = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 200,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
};
const PCM = { type: 'audio/pcm', rate: 24_000 };
const HEARD = { format: PCM, transcription: null, noise_reduction: null, turn_detection: SERVER_VAD };
const SPOKEN = { format: PCM, voice: 'alloy', speed: 1 };

const REALTIME = {
  output_modalities: ['audio'],
  instructions: '',
  tools: [],
  tool_choice: 'auto',
  max_output_tokens: 'inf',
  tracing: null,
  truncation: 'auto',
  prompt: null,
};

/** @param id what tells it from others; no session is open yet. */
export function shownSession(asked: Readonly<Record<string, unknown>>, id: string): Json {
  const audio = asObject(asked['audio']);
  const input = { ...HEARD, ...asObject(audio?.['input']) };
  // Zero, as OpenAI has it: when it ends is not known before it begins.
  const common = { id: `sess_${id}`, expires_at: 0, include: null };
  if (asked['type'] === 'transcription')
    return { ...common, ...asked, object: 'realtime.transcription_session', audio: { input } };
  const output = { ...SPOKEN, ...asObject(audio?.['output']) };
  return { ...common, ...REALTIME, ...asked, object: 'realtime.session', audio: { input, output } };
}
