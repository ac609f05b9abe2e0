// Input transcription: text for committed user audio, later than the commit and independent of the response (facts
// 3.4). Guarantees one completed or failed event per commit, with the usage of the transcription model (facts 4.2);
// leaves what was heard to audio/recognise.ts.
import { loudestDb } from '../audio/energy.js';
import type { AudioCodec } from '../audio/formats.js';
import type { TranscriptionRecord, TranscriptionUsage } from '../books-records.js';
import type { Cancel } from '../clock.js';
import { inputAudioTokens, textTokens } from '../tokens/usage.js';
import { emit, type SessionContext } from './context.js';
import type { Entry } from './conversation.js';
import type { Transcription } from './settings-schemas.js';

/** Committed audio to transcribe. */
export interface HeardAudio {
  readonly entry: Entry;
  readonly bytes: Buffer;
  readonly codec: AudioCodec;
  readonly ms: number;
}

/** Audio whose loudest frame is below this is unintelligible: the failed event. */
const UNINTELLIGIBLE_DB = -60;
/** Models that report tokens; all others report seconds (facts 4.2). */
const TOKEN_MODELS = /^gpt-4o-(mini-)?transcribe/;

/** The transcriptions of one session. */
export class Transcriber {
  readonly #context: SessionContext;
  readonly #pending = new Map<TranscriptionRecord, Cancel>();
  #turns = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Starts transcribing if the session asks for it. */
  hear(audio: HeardAudio): void {
    const { transcription } = this.#context.settings.audio.input;
    if (transcription === null) return;
    this.#turns += 1;
    const { delayMs, lateEvery, lateMs } = this.#context.config().transcription;
    const late = lateEvery > 0 && this.#turns % lateEvery === 0;
    const { books, record: session, clock } = this.#context;
    const record = books.transcription(session, audio.entry.item.id, transcription.model);
    const text = loudestDb(audio.bytes, audio.codec) < UNINTELLIGIBLE_DB ? null : audio.entry.heard;
    const { ms, entry } = audio;
    const finish = (): void => {
      this.#pending.delete(record);
      if (text === null) this.#fail(entry, record);
      else this.#complete({ entry, ms, text, transcription, record });
    };
    this.#pending.set(record, clock.after(late ? lateMs : delayMs, finish));
  }

  /** The connection is gone. */
  abandon(): void {
    for (const [record, cancel] of this.#pending) {
      cancel();
      record.status = 'abandoned';
    }
    this.#pending.clear();
  }

  #fail(entry: Entry, record: TranscriptionRecord): void {
    emit(this.#context, {
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: entry.item.id,
      content_index: 0,
      error: {
        type: 'transcription_error',
        code: 'audio_unintelligible',
        message: 'The audio could not be transcribed.',
        param: null,
      },
    });
    this.#context.books.finishTranscription(record, null);
  }

  #complete(done: {
    entry: Entry;
    ms: number;
    text: string;
    transcription: Transcription;
    record: TranscriptionRecord;
  }): void {
    const { entry, text, transcription, ms, record } = done;
    const where = { item_id: entry.item.id, content_index: 0 };
    const withLogprobs = this.#context.settings.include?.includes('item.input_audio_transcription.logprobs') ?? false;
    const words = TOKEN_MODELS.test(transcription.model) ? (text.match(/ ?[^ ]+/g) ?? []) : [text];
    const logprobs = words.map((token, index) => logprobOf(token, index));
    const detailed = withLogprobs && TOKEN_MODELS.test(transcription.model);
    for (const [index, delta] of words.entries()) {
      const extra = detailed ? { logprobs: logprobs.slice(index, index + 1) } : this.#padding(transcription.model);
      emit(this.#context, { type: 'conversation.item.input_audio_transcription.delta', ...where, delta, ...extra });
    }
    if (transcription.model === 'gpt-4o-transcribe-diarize') this.#segment(entry, ms, text);
    setTranscript(entry, text);
    const usage = transcriptionUsage(transcription, ms, text);
    emit(this.#context, {
      type: 'conversation.item.input_audio_transcription.completed',
      ...where,
      transcript: text,
      ...(detailed ? { logprobs } : {}),
      usage,
    });
    this.#context.books.finishTranscription(record, usage);
  }

  #segment(entry: Entry, ms: number, text: string): void {
    emit(this.#context, {
      type: 'conversation.item.input_audio_transcription.segment',
      item_id: entry.item.id,
      content_index: 0,
      id: this.#context.ids.obfuscation(),
      text,
      speaker: 'A',
      start: 0,
      end: ms / 1000,
    });
  }

  /** Word deltas carry padding, the single delta of whisper-1 does not (traces). */
  #padding(model: string): Record<string, string> {
    return TOKEN_MODELS.test(model) ? { obfuscation: this.#context.ids.obfuscation() } : {};
  }
}

/** The usage of one transcription: tokens or started seconds, by model. */
export function transcriptionUsage(transcription: Transcription, ms: number, text: string): TranscriptionUsage {
  if (!TOKEN_MODELS.test(transcription.model)) return { type: 'duration', seconds: Math.ceil(ms / 1000) };
  const prompt = textTokens(transcription.prompt ?? '');
  const audio = inputAudioTokens(ms);
  const output = textTokens(text);
  return {
    type: 'tokens',
    total_tokens: prompt + audio + output,
    input_tokens: prompt + audio,
    input_token_details: { text_tokens: prompt, audio_tokens: audio },
    output_tokens: output,
  };
}

/** Retrieved items show the transcript once it exists. */
function setTranscript(entry: Entry, transcript: string): void {
  const { item } = entry;
  if (item.type !== 'message') return;
  const content = item.content.map((part) => (part.type === 'input_audio' ? { ...part, transcript } : part));
  entry.item = { ...item, content };
}

/** Invented but plausible: the further into the sentence, the less certain. */
function logprobOf(token: string, index: number): Record<string, unknown> {
  return { token, bytes: [...Buffer.from(token)], logprob: -(index + 1) / 100 };
}
