// The upstream's events of one spoken turn: what the caller said, as transcribed, and an answer of some seconds.

/** A message as the relay has it. */
export interface TurnMessage {
  readonly type: string;
  readonly payload: Buffer;
}

const AUDIO = Buffer.alloc(12_000).toString('base64');
const HEARD = 'I would like to know where my last order is, please.'.split(' ');
const SAID = 'Your order has been sent and will arrive on Thursday. Is there anything else that I can help you with?';
const USAGE = {
  total_tokens: 30,
  input_tokens: 10,
  output_tokens: 20,
  input_token_details: { text_tokens: 10, audio_tokens: 0, cached_tokens: 0 },
  output_token_details: { text_tokens: 10, audio_tokens: 10 },
};
// Three deltas of audio for each word.
const AUDIO_PER_WORD = 3;

const of = (n: number) => ({ response_id: `resp_${n}`, item_id: `item_${n}`, output_index: 0, content_index: 0 });
// Never read, so one will do for all turns.
const AUDIO_DELTA = messageOf({ type: 'response.output_audio.delta', ...of(0), delta: AUDIO });

/** The events of a turn. @param n numbers its ids. */
export function spokenTurn(n: number): readonly TurnMessage[] {
  const [caller, response] = [`item_c${n}`, `resp_${n}`];
  const heard = { item_id: caller, content_index: 0 };
  const transcription = 'conversation.item.input_audio_transcription';
  return [
    { type: 'input_audio_buffer.speech_started', item_id: caller, audio_start_ms: 0 },
    { type: 'input_audio_buffer.speech_stopped', item_id: caller, audio_end_ms: 2_000 },
    { type: 'input_audio_buffer.committed', item_id: caller },
    ...HEARD.map((word) => ({ type: `${transcription}.delta`, ...heard, delta: ` ${word}` })),
    { type: 'response.created', response: { id: response, conversation_id: 'conv', output: [] } },
    ...SAID.split(' ').flatMap((word) => [
      { type: 'response.output_audio_transcript.delta', ...of(n), delta: ` ${word}` },
      ...Array.from({ length: AUDIO_PER_WORD }, () => AUDIO_DELTA),
    ]),
    { type: 'response.output_audio_transcript.done', ...of(n), transcript: SAID },
    {
      type: 'response.done',
      response: { id: response, conversation_id: 'conv', status: 'completed', output: [], usage: USAGE },
    },
  ].map((each) => ('payload' in each ? each : messageOf(each)));
}

function messageOf<Event extends { readonly type: string }>(event: Event): TurnMessage {
  return { type: event.type, payload: Buffer.from(JSON.stringify(event)) };
}
