// Judges the bytes of a segment: how far they are good, and whether what follows is a torn tail or damage. Pure.
// A torn tail is what a crash left of a write that was never acknowledged; it may be cut off. Damage lies in bytes that
// were acknowledged; it is never skipped: the good part is used and the rest is named, byte by byte and sequence by
// sequence. They are told apart by the promised length where it is known, else by a later group: a group is written only
// after the one before it was synced, so a frame of a later group proves that the bad bytes had been acknowledged.
import { frameAt, SEGMENT_HEADER_BYTES, type FrameAt } from './segment-format.js';

/** Bytes that hold no readable record although they did once. */
export interface DamagedRange {
  readonly fromByte: number;
  /** Exclusive. */
  readonly toByte: number;
  /** The records that were there; null where nothing tells, and for a header, which holds none. */
  readonly fromSequence: number | null;
  readonly toSequence: number | null;
}

/** What was found. */
export interface SegmentScan {
  /** Records and bytes from the start up to the first bad byte (or the end). */
  readonly goodEnd: number;
  readonly nextSequence: number;
  readonly rest: 'none' | 'torn' | 'damaged';
  /** Empty unless `damaged`. */
  readonly ranges: readonly DamagedRange[];
  /** Readable records behind the first damaged range. */
  readonly intactAfter: number;
}

/** What is known about the segment besides its bytes. */
export interface ScanContext {
  /** See `frameSeed`. */
  readonly seed: number;
  readonly firstSequence: number;
  /** Bytes that were acknowledged, when the next file or a clean stop says so; null when nobody does. */
  readonly promisedBytes: number | null;
}

/** Scans a whole segment file, header included (the header's own checks are the caller's). */
export function scanSegment(file: Buffer, context: ScanContext): SegmentScan {
  const promised = context.promisedBytes;
  const bytes = promised === null ? file : file.subarray(0, promised);
  let offset = SEGMENT_HEADER_BYTES;
  let sequence = context.firstSequence;
  for (;;) {
    const frame = frameAt(bytes, offset, context.seed);
    if (frame?.sequence !== sequence) break;
    offset = frame.end;
    sequence++;
  }
  const end = promised ?? file.length;
  const good = { goodEnd: offset, nextSequence: sequence };
  if (offset === end) return { ...good, rest: 'none', ranges: [], intactAfter: 0 };
  const { found, ranges } = surveyDamage(bytes, { seed: context.seed, offset, sequence, end });
  const acknowledged = promised !== null || found.some((frame) => frame.group > sequence);
  if (!acknowledged) return { ...good, rest: 'torn', ranges: [], intactAfter: 0 };
  return { ...good, rest: 'damaged', ranges, intactAfter: found.length };
}

/** Frames and damaged ranges behind a bad byte. */
export interface Survey {
  readonly found: readonly FrameAt[];
  readonly ranges: readonly DamagedRange[];
}

/**
 * Tries every offset behind a bad byte, so that a damaged length does not hide the records after it. `end` may lie behind
 * the last byte: a file shorter than promised lost its end, which is a range too.
 */
export function surveyDamage(
  bytes: Buffer,
  from: { seed: number; offset: number; sequence: number; end: number },
): Survey {
  const found: FrameAt[] = [];
  const ranges: DamagedRange[] = [];
  let badFrom = from.offset;
  let expected = from.sequence;
  for (let offset = from.offset; offset < bytes.length;) {
    const frame = frameAt(bytes, offset, from.seed);
    if (frame === null || frame.sequence < expected) {
      offset++;
      continue;
    }
    if (offset > badFrom || frame.sequence > expected)
      ranges.push({ fromByte: badFrom, toByte: offset, fromSequence: expected, toSequence: frame.sequence - 1 });
    found.push(frame);
    offset = badFrom = frame.end;
    expected = frame.sequence + 1;
  }
  if (badFrom < from.end)
    ranges.push({ fromByte: badFrom, toByte: from.end, fromSequence: expected, toSequence: null });
  return { found, ranges };
}
