// The frames of the workload, built once per process and indexed by a number that travels in the stamp. Guarantees the
// same table in the client and in the upstream, so that each side knows every byte the other should have sent.
import type { ANSWERS } from './behaviour.js';
import {
  appendEvent,
  audioDelta,
  closingEvents,
  openingEvents,
  RESPONSE_HOLE,
  responseDone,
  STAMP_HOLE,
  transcriptDelta,
} from './events.js';

/** One payload with its holes; offsets count from the start of the payload, -1 means the hole is not there. */
export interface Template {
  index: number;
  payload: Buffer;
  stampAt: number;
  responseIdAt: number;
  /** True for `response.done`: the frame that waits for the spool. */
  bearsUsage: boolean;
}

/** Characters of base64 in an audio frame: 40 ms of PCM16 at 24 kHz, 20 ms of G.711. */
export const VOICE_CHARS = 2560;
export const PHONE_CHARS = 216;
/** Distinct bodies per size, so that two swapped frames differ in more than their stamp. */
const BODIES = 8;

/** Audio deltas of one turn, in characters: 4 to 32 KB, 188 KB in all, which is 2.9 s of speech. */
const TURN_DELTA_KB = [4, 8, 8, 8, 16, 8, 8, 4, 8, 8, 8, 32, 8, 8, 16, 8, 4, 8, 8, 8];
const KB = 1024;

/** Every frame a client sends, by group. */
export interface ClientTemplates {
  all: Template[];
  voice: Template[];
  phone: Template[];
}

/** Every frame the upstream sends: the two turns it plays and the frames it answers an exchange with. */
export interface ServerTemplates {
  all: Template[];
  /** 35 events: opening, 20 audio and 10 transcript deltas, closing. A `response.done` follows. */
  turn: Template[];
  /** The same turn with G.711 audio: a sixth of the bytes. */
  phoneTurn: Template[];
  /** `response.done` in sizes of 2 to 6 KB, to end turns with. */
  dones: Template[];
  /** The audio delta that answers each exchange; the large one also floods. */
  answer: Record<keyof typeof ANSWERS, Template>;
}

/** Builds the table of the frames that clients send. */
export function clientTemplates(): ClientTemplates {
  const all: Template[] = [];
  const many = (chars: number): Template[] =>
    Array.from({ length: BODIES }, (_, i) => add(all, appendEvent(chars, chars + i)));
  return { voice: many(VOICE_CHARS), phone: many(PHONE_CHARS), all };
}

/** Builds the table of the frames that the upstream sends. */
export function serverTemplates(): ServerTemplates {
  const all: Template[] = [];
  const opening = openingEvents().map((text) => add(all, text));
  const transcripts = Array.from({ length: 10 }, (_, i) => add(all, transcriptDelta(i)));
  const closing = closingEvents().map((text) => add(all, text));
  const dones = [2, 3, 4, 6].map((kb, i) => add(all, responseDone(kb * KB, i), true));
  const turnOf = (scale: number): Template[] => {
    const deltas = TURN_DELTA_KB.map((kb, i) => add(all, audioDelta(Math.floor((kb * KB) / scale / 4) * 4, i + 1)));
    return [...opening, ...interleave(deltas, transcripts), ...closing];
  };
  const answer = {
    'exchange-small': add(all, audioDelta(PHONE_CHARS, 71)),
    'exchange-voice': add(all, audioDelta(VOICE_CHARS, 72)),
    'exchange-large': add(all, audioDelta(16 * KB, 73)),
  };
  return { all, turn: turnOf(1), phoneTurn: turnOf(6), dones, answer };
}

/** Two audio deltas, one word, and so on: the order the recorded turns show. */
function interleave(deltas: Template[], transcripts: Template[]): Template[] {
  return deltas.flatMap((delta, i) => (i % 2 === 0 ? [delta, ...transcripts.slice(i / 2, i / 2 + 1)] : [delta]));
}

function add(all: Template[], text: string, bearsUsage = false): Template {
  const payload = Buffer.from(text);
  const template = {
    index: all.length,
    payload,
    stampAt: payload.indexOf(STAMP_HOLE),
    responseIdAt: payload.indexOf(RESPONSE_HOLE),
    bearsUsage,
  };
  all.push(template);
  return template;
}
