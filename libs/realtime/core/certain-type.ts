// The event type that every JSON parser reads in a whole message, for decisions that an app must not be able to talk its way
// around: a message that names `type` twice is one thing to a sniff and may be another to whoever acts on it. Guarantees: a
// message whose type is given here has exactly one top-level `type`. Whatever is doubtful is `UNKNOWN_TYPE`: one parse.
import { NEED_MORE, skipSpace, SNIFF_BYTES_MAX, sniffType } from './sniff-type.js';
import { UNKNOWN_TYPE } from './tap.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const TYPE_KEY = Buffer.from('"type"');

/** The type of the message `bytes[start, end)`, or `UNKNOWN_TYPE`. Strings are skipped and not read: audio costs little. */
export function certainType(bytes: Buffer, start: number, end: number): string {
  const type = sniffType(bytes, start, Math.min(end, start + SNIFF_BYTES_MAX));
  if (type === NEED_MORE || type === UNKNOWN_TYPE) return UNKNOWN_TYPE;
  return namesTypeOnce(bytes, start, end) ? type : UNKNOWN_TYPE;
}

function namesTypeOnce(bytes: Buffer, start: number, end: number): boolean {
  let depth = 0;
  let names = 0;
  let isKeyNext = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const close = endOfString(bytes, at + 1, end);
      if (close === -1) return false;
      const means = isKeyNext ? meaningOf(bytes, at, close) : 'other';
      if (means === 'doubtful') return false;
      if (means === 'type') names += 1;
      isKeyNext = false;
      at = close;
    } else if (byte === COMMA) {
      isKeyNext = depth === 1;
    } else if (opens(byte)) {
      depth += 1;
      isKeyNext = depth === 1;
    } else if (closes(byte)) {
      depth -= 1;
      // Nothing may follow the object, least of all another one.
      if (depth === 0) return names === 1 && skipSpace(bytes, at + 1, end) === end;
    }
  }
  return false;
}

/** What a key is; one with an escape may be any. */
function meaningOf(bytes: Buffer, open: number, close: number): 'type' | 'other' | 'doubtful' {
  if (bytes.subarray(open, close).includes(BACKSLASH)) return 'doubtful';
  return bytes.subarray(open, close + 1).equals(TYPE_KEY) ? 'type' : 'other';
}

/** The place of the closing quote; -1 when there is none. */
function endOfString(bytes: Buffer, start: number, end: number): number {
  for (let at = bytes.indexOf(QUOTE, start); at !== -1 && at < end; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (at - escapes > start && bytes[at - escapes - 1] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

function opens(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b;
}

function closes(byte: number): boolean {
  return byte === 0x7d || byte === 0x5d;
}
