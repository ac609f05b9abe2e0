// Reads the event type from the first piece of a message where it lies in the chunk. Only a prefix is unmasked.
import { applyMask } from './frame-codec.js';
import type { FrameScanner } from './frame-scanner.js';
import { NEED_MORE, SNIFF_BYTES_MAX, sniffType } from './sniff-type.js';

// Enough for a usual type; more is unmasked only if this was not.
const USUAL_PREFIX_BYTES = 64;

/**
 * The type read from the piece of the scanner's last `payload` event, which must be the message's first.
 * @param scratch at least `SNIFF_BYTES_MAX` bytes that may be overwritten; null only for unmasked messages.
 */
export function sniffPiece(scanner: FrameScanner, chunk: Buffer, scratch: Buffer | null): string {
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
