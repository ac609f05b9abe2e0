// The stamp that every measured frame carries: sequence number, sending time, session, template and a checksum, as hex
// digits, which are valid base64 and valid in an id. Guarantees that a stamp that was altered, or moved into another
// frame, is noticed. Leaves the comparison of the rest of the frame to the verifier.

/** Characters of a stamp: 8 sequence, 12 microseconds, 6 session, 2 template, 8 checksum. */
export const STAMP_CHARS = 36;
const CHECKED_CHARS = 28;
const TWO_24 = 0x1000000;
const HEX = Buffer.from('0123456789abcdef');
const VALUE = new Uint8Array(256).fill(255);
HEX.forEach((char, value) => (VALUE[char] = value));

/** What a stamp says. `sentUs` is on the machine's monotonic clock, see `nowUs`. */
export interface Stamp {
  sequence: number;
  sentUs: number;
  session: number;
  template: number;
  intact: boolean;
}

/** Microseconds on CLOCK_MONOTONIC, the same for all processes of this machine: one-way times can be subtracted. */
export function nowUs(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanos / 1000);
}

/**
 * Writes a stamp into `out[at, at + STAMP_CHARS)`.
 * @param salt bytes beside the stamp that also vary (a response id); the checksum covers them.
 */
export function writeStamp(out: Uint8Array, at: number, stamp: Omit<Stamp, 'intact'>, salt?: Uint8Array): void {
  writeHex(out, at, stamp.sequence >>> 0, 8);
  writeHex(out, at + 8, Math.floor(stamp.sentUs / TWO_24), 6);
  writeHex(out, at + 14, stamp.sentUs % TWO_24, 6);
  writeHex(out, at + 20, stamp.session, 6);
  writeHex(out, at + 26, stamp.template, 2);
  writeHex(out, at + CHECKED_CHARS, checksum(out, at, salt), 8);
}

/** Reads a stamp into `into` (reused, so that a frame costs no object) and says whether its checksum holds. */
export function readStamp(bytes: Uint8Array, at: number, into: Stamp, salt?: Uint8Array): boolean {
  into.sequence = readHex(bytes, at, 8);
  into.sentUs = readHex(bytes, at + 8, 6) * TWO_24 + readHex(bytes, at + 14, 6);
  into.session = readHex(bytes, at + 20, 6);
  into.template = readHex(bytes, at + 26, 2);
  into.intact = readHex(bytes, at + CHECKED_CHARS, 8) === checksum(bytes, at, salt);
  return into.intact;
}

/** Only the template a stamp names, NaN when there is none: it says where the salt is, which the checksum needs. */
export function stampTemplate(bytes: Uint8Array, at: number): number {
  return readHex(bytes, at + 26, 2);
}

/** FNV-1a over the digits and the salt: cheap in integers, and any single changed character changes it. */
function checksum(bytes: Uint8Array, at: number, salt?: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + CHECKED_CHARS; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  if (salt) for (let i = 0; i < salt.length; i++) hash = Math.imul(hash ^ (salt[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

function writeHex(out: Uint8Array, at: number, value: number, digits: number): void {
  let left = value;
  for (let i = at + digits - 1; i >= at; i--) {
    out[i] = HEX[left & 15] ?? 0;
    left >>>= 4;
  }
}

/** NaN when a character is no hex digit; NaN equals nothing, so the checksum then fails. */
function readHex(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = VALUE[bytes[i] ?? 0] ?? 255;
    if (digit > 15) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}
