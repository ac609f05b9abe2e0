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
  const { pieceStart, pieceEnd, maskKey } = scanner;
  if (!scanner.masked || scratch === null) {
    return sniffType(chunk, pieceStart, Math.min(pieceEnd, pieceStart + SNIFF_BYTES_MAX));
  }
  const usual = Math.min(pieceEnd - pieceStart, USUAL_PREFIX_BYTES);
  applyMask(chunk, pieceStart, pieceStart + usual, scratch, 0, maskKey, 0);
  const type = sniffType(scratch, 0, usual);
  if (type !== NEED_MORE || usual === pieceEnd - pieceStart) return type;
  const all = Math.min(pieceEnd - pieceStart, SNIFF_BYTES_MAX);
  applyMask(chunk, pieceStart, pieceStart + all, scratch, 0, maskKey, 0);
  return sniffType(scratch, 0, all);
}
