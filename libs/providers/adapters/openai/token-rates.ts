// How OpenAI turns audio and text into tokens, for what it does not report (protocol facts 4.4). Its own numbers are a few
// special tokens higher; text is counted as its tokenizer does on average, since nobody runs a tokenizer on the voice path.

/** Tokens by modality. */
export interface ModalityTokens {
  readonly text: number;
  readonly audio: number;
  readonly image: number;
}

export const NO_TOKENS: ModalityTokens = { text: 0, audio: 0, image: 0 };

const USER_AUDIO_MS = 100;
const ASSISTANT_AUDIO_MS = 50;
const TEXT_CHARS = 4;
// By the vision guide's price of one tile; larger images are more, `detail: low` is 85.
const IMAGE_TOKENS = 255;
/** Cached tokens are reported in steps of so many (protocol facts 4.1). */
const CACHE_STEP = 64;
// Ordinary speech: about 150 words a minute, four tokens to three words.
const SPOKEN_TOKENS_PER_SECOND = 3.3;
const PCM_BYTES_PER_MS = 48;
const G711_BYTES_PER_MS = 8;

/** What the caller says: 1 token per started 100 ms. */
export const userAudioTokens = (ms: number): number => Math.ceil(Math.round(ms) / USER_AUDIO_MS);

/** What the model says: 1 token per started 50 ms. */
export const assistantAudioTokens = (ms: number): number => Math.ceil(Math.round(ms) / ASSISTANT_AUDIO_MS);

export const textTokens = (text: string): number => Math.ceil(text.length / TEXT_CHARS);

export const imageTokens = (detail: unknown): number => (detail === 'low' ? 85 : IMAGE_TOKENS);

/** Tokens of a transcript that nobody has seen, by how long was spoken. */
export const spokenTokens = (ms: number): number => Math.ceil((ms / 1000) * SPOKEN_TOKENS_PER_SECOND);

/** Bytes of raw audio in a millisecond, of a session's `audio.*.format`; PCM at 24 kHz unless it says G.711. */
export function bytesPerMs(format: { readonly type?: unknown }): number {
  return format.type === 'audio/pcmu' || format.type === 'audio/pcma' ? G711_BYTES_PER_MS : PCM_BYTES_PER_MS;
}

/** The sum by modality. */
export function addTokens(a: ModalityTokens, b: ModalityTokens): ModalityTokens {
  return { text: a.text + b.text, audio: a.audio + b.audio, image: a.image + b.image };
}

/** What is left of `a` without `b`, by modality and never below zero. */
export function withoutTokens(a: ModalityTokens, b: ModalityTokens): ModalityTokens {
  const rest = (left: number, right: number): number => Math.max(0, left - right);
  return { text: rest(a.text, b.text), audio: rest(a.audio, b.audio), image: rest(a.image, b.image) };
}

/** What of an unchanged front is read from the cache: whole steps; which tokens is a guess, text first as when unsaid. */
export function cacheable(front: ModalityTokens): ModalityTokens {
  const whole = front.text + front.audio + front.image;
  const cached = whole - (whole % CACHE_STEP);
  const text = Math.min(cached, front.text);
  const audio = Math.min(cached - text, front.audio);
  return { text, audio, image: cached - text - audio };
}
