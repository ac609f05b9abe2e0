// What a talk in the playground shows, as a function of the events that came: who said what, how long the answer took, and what
// was used. Pure; the times are handed in.

/** One event as it came. */
export interface TalkEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A line of the conversation. */
export interface Line {
  readonly id: string;
  readonly who: 'you' | 'model';
  readonly text: string;
}

/** The talk so far. */
export interface Talk {
  readonly lines: readonly Line[];
  /** The newest first; bounded. */
  readonly events: readonly { readonly n: number; readonly type: string; readonly atMs: number }[];
  /** When what has to be answered was over; null: nothing has. */
  readonly askedAtMs: number | null;
  /** From there to the first sound or word of the answer. */
  readonly latencyMs: number | null;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly problem: string | null;
}

/** Nothing was said yet. */
export const SILENCE: Talk = {
  ...{ lines: [], events: [], askedAtMs: null, latencyMs: null, problem: null },
  tokens: { input: 0, output: 0 },
};

const EVENTS_MAX = 200;
const LINES_MAX = 200;

/** The talk after an event. */
export function talkAfter(talk: Talk, event: TalkEvent, atMs: number): Talk {
  const n = (talk.events[0]?.n ?? 0) + 1;
  const noted = { ...talk, events: [{ n, type: event.type, atMs }, ...talk.events].slice(0, EVENTS_MAX) };
  switch (event.type) {
    case 'input_audio_buffer.speech_stopped':
    case 'playground.sent':
      return { ...noted, askedAtMs: atMs };
    case 'response.output_audio.delta':
      return answered(noted, atMs);
    case 'response.output_audio_transcript.delta':
    case 'response.output_text.delta':
      return said(answered(noted, atMs), { id: textOf(event['item_id']), who: 'model', text: textOf(event['delta']) });
    case 'conversation.item.input_audio_transcription.completed':
      return said(noted, { id: `you ${textOf(event['item_id'])}`, who: 'you', text: textOf(event['transcript']) });
    case 'response.done':
      return { ...noted, tokens: moreTokens(noted.tokens, event['response']) };
    case 'error':
      return { ...noted, problem: problemOf(event['error']) };
    default:
      return noted;
  }
}

/** The talk with something that was typed. */
export function typed(talk: Talk, text: string, atMs: number): Talk {
  const asked = talkAfter(talk, { type: 'playground.sent' }, atMs);
  return said(asked, { id: `typed ${atMs}`, who: 'you', text });
}

function answered(talk: Talk, atMs: number): Talk {
  return talk.askedAtMs === null ? talk : { ...talk, latencyMs: atMs - talk.askedAtMs, askedAtMs: null };
}

function said(talk: Talk, line: Line): Talk {
  const known = talk.lines.some(({ id }) => id === line.id);
  const lines = known
    ? talk.lines.map((each) => (each.id === line.id ? { ...each, text: each.text + line.text } : each))
    : [...talk.lines, line];
  return { ...talk, lines: lines.slice(-LINES_MAX) };
}

function moreTokens({ input, output }: Talk['tokens'], response: unknown): Talk['tokens'] {
  const usage = fieldOf(response, 'usage');
  return {
    input: input + numberOf(fieldOf(usage, 'input_tokens')),
    output: output + numberOf(fieldOf(usage, 'output_tokens')),
  };
}

function problemOf(error: unknown): string {
  return textOf(fieldOf(error, 'message')) || 'error';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
