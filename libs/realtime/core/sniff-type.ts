// Reads the event type of a message from its first bytes, so that audio need not be parsed. It guarantees, for every
// JSON object without duplicate top-level keys: the answer is the value of its `type`, or `UNKNOWN_TYPE`, and never
// another type. Whatever is unusual (escapes, nested values before the type, odd characters) is unknown: one parse.
// With a duplicate `type` the first is read, while JSON.parse takes the last; for what must not be fooled by that there
// is `certain-type.ts`, which needs the whole message.
import { UNKNOWN_TYPE } from './tap.js';

/** The bytes end before the type does; ask again with more of the message. No event type contains a `$`. */
export const NEED_MORE = '$need_more';

/** A type that is not complete within this many bytes is unknown. */
export const SNIFF_BYTES_MAX = 1024;

const TYPE_CHARS_MAX = 128;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// `{"type":"`, how nearly every event begins; a client library that prints it otherwise takes the slower path.
const USUAL_START = Buffer.from('{"type":"');

/** The type of the message whose first bytes are `bytes[start, end)`, `UNKNOWN_TYPE`, or `NEED_MORE`. */
export function sniffType(bytes: Buffer, start: number, end: number): string {
  if (beginsAsUsual(bytes, start, end)) return readType(bytes, start + USUAL_START.length, end);
  let at = skipSpace(bytes, start, end);
  if (at >= end) return NEED_MORE;
  if (bytes[at] !== 0x7b) return UNKNOWN_TYPE;
  for (at = skipSpace(bytes, at + 1, end); at < end; at = skipSpace(bytes, at + 1, end)) {
    if (bytes[at] !== QUOTE) return UNKNOWN_TYPE;
    const keyEnd = endOfPlainString(bytes, at + 1, end);
    if (keyEnd < 0) return keyEnd === CUT ? NEED_MORE : UNKNOWN_TYPE;
    const isType = keyEnd - at === 5 && bytes.toString('latin1', at + 1, keyEnd) === 'type';
    const colon = skipSpace(bytes, keyEnd + 1, end);
    if (colon >= end) return NEED_MORE;
    if (bytes[colon] !== 0x3a) return UNKNOWN_TYPE;
    const value = skipSpace(bytes, colon + 1, end);
    if (value >= end) return NEED_MORE;
    if (isType) return bytes[value] === QUOTE ? readType(bytes, value + 1, end) : UNKNOWN_TYPE;
    at = skipSpace(bytes, skipScalar(bytes, value, end), end);
    if (at >= end) return NEED_MORE;
    if (bytes[at] !== 0x2c) return UNKNOWN_TYPE;
  }
  return NEED_MORE;
}

function beginsAsUsual(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < USUAL_START.length) return false;
  for (let i = 0; i < USUAL_START.length; i++) if (bytes[start + i] !== USUAL_START[i]) return false;
  return true;
}

function readType(bytes: Buffer, start: number, end: number): string {
  const limit = Math.min(end, start + TYPE_CHARS_MAX + 1);
  for (let at = start; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return bytes.toString('latin1', start, at);
    if (!isTypeCharacter(byte)) return UNKNOWN_TYPE;
  }
  return limit === end ? NEED_MORE : UNKNOWN_TYPE;
}

/** Letters, digits, `.`, `_`, `-`, `/`, `:`. Every type of the known protocols is made of these. */
function isTypeCharacter(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x2d && byte <= 0x3a) || byte === 0x5f || (byte >= 0x41 && byte <= 0x5a)
  );
}

// Results below zero of the functions that look for an end.
const CUT = -1;
const ODD = -2;

/** The place of the closing quote, `CUT`, or `ODD` when an escape or a control character makes the text doubtful. */
function endOfPlainString(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < 0x20) return ODD;
  }
  return CUT;
}

/** The place after a string (escapes allowed: only its end matters), number or word; `end` when it is cut. */
function skipScalar(bytes: Buffer, start: number, end: number): number {
  let at = start;
  if (bytes[at] === QUOTE) {
    for (at++; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    return at + 1;
  }
  while (at < end && isScalarCharacter(bytes[at] ?? 0)) at++;
  return at;
}

/** Letters, digits, `+`, `-`, `.`: numbers, true, false and null, and nothing that could open a nested value. */
function isScalarCharacter(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x45
  );
}

/** The place of the first byte that is no white space; `end` when there is none. */
export function skipSpace(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  return at;
}
