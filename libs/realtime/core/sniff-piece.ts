// Reads the event type of a message that is still coming: from its first piece where that lies in the chunk, or from
// what was kept back of it. Only a prefix is unmasked, but where the type must be certain. Says `NEED_MORE` only while more
// can come and is worth waiting for.
import { certainType } from './certain-type.js';
import { applyMask } from './frame-codec.js';
import type { FrameScanner } from './frame-scanner.js';
import type { HeldMessage } from './held-message.js';
import { NEED_MORE, SNIFF_BYTES_MAX, sniffType } from './sniff-type.js';
import { UNKNOWN_TYPE } from './tap.js';

// Enough for a usual type; more is unmasked only if this was not.
const USUAL_PREFIX_BYTES = 64;

// A message that shows no type within this many pieces is unknown: bounds the work that crumbs can cause.
const PIECES_MAX = 32;

/**
 * The type read from the piece of the scanner's last `payload` event, which must be the message's first.
 * @param scratch at least `SNIFF_BYTES_MAX` bytes that may be overwritten; null only for unmasked messages.
 */
export function sniffPiece(scanner: FrameScanner, chunk: Buffer, scratch: Buffer | null): string {
  const type = sniffFirst(scanner, chunk, scratch);
  if (type !== NEED_MORE) return type;
  const isOver = scanner.messageEnds || scanner.pieceEnd - scanner.pieceStart >= SNIFF_BYTES_MAX;
  return isOver ? UNKNOWN_TYPE : NEED_MORE;
}

/** The type read from what was kept back of a message, the scanner's last piece included. */
export function sniffHeld(scanner: FrameScanner, held: HeldMessage): string {
  const prefix = held.payload(SNIFF_BYTES_MAX);
  const type = sniffType(prefix, 0, prefix.length);
  if (type !== NEED_MORE) return type;
  const isOver = scanner.messageEnds || prefix.length >= SNIFF_BYTES_MAX || held.pieces > PIECES_MAX;
  return isOver ? UNKNOWN_TYPE : NEED_MORE;
}

/** The type that every parser reads: of a message that is whole, from the scanner's last piece or what was kept back of it. */
export function sniffWhole(scanner: FrameScanner, chunk: Buffer, held: HeldMessage | null): string {
  if (!scanner.messageEnds) return NEED_MORE;
  if (held !== null) {
    const payload = held.payload(Infinity);
    return certainType(payload, 0, payload.length);
  }
  const { pieceStart, pieceEnd, masked } = scanner;
  if (!masked) return certainType(chunk, pieceStart, pieceEnd);
  const payload = Buffer.allocUnsafe(pieceEnd - pieceStart);
  return certainType(payload, 0, unmaskPrefix(scanner, chunk, payload, payload.length));
}

function sniffFirst(scanner: FrameScanner, chunk: Buffer, scratch: Buffer | null): string {
  const { pieceStart, pieceEnd } = scanner;
  if (!scanner.masked || scratch === null) {
    return sniffType(chunk, pieceStart, Math.min(pieceEnd, pieceStart + SNIFF_BYTES_MAX));
  }
  const usual = unmaskPrefix(scanner, chunk, scratch, USUAL_PREFIX_BYTES);
  const type = sniffType(scratch, 0, usual);
  if (type !== NEED_MORE || usual === pieceEnd - pieceStart) return type;
  return sniffType(scratch, 0, unmaskPrefix(scanner, chunk, scratch, SNIFF_BYTES_MAX));
}

/** Puts up to `bytesMax` bytes of the piece, unmasked, into the target. Returns how many. */
function unmaskPrefix(scanner: FrameScanner, chunk: Buffer, target: Buffer, bytesMax: number): number {
  const { pieceStart, pieceEnd, maskKey } = scanner;
  const bytes = chunk.copy(target, 0, pieceStart, Math.min(pieceEnd, pieceStart + bytesMax));
  applyMask(target, 0, bytes, maskKey);
  return bytes;
}
