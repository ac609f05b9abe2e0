// The bytes of a segment file, so that what is on disk proves itself.
//
//   header  64 bytes: magic, version, epoch, segment, first sequence, predecessor (epoch, segment, length), CRC32C
//   frame   24 bytes + payload: length u32, CRC32C u32, sequence u64, group u64, then the record as UTF-8 JSON
//
// All numbers are big endian. A frame's checksum covers everything but itself and begins with the segment's identity, so
// bytes of another file never pass. `group` is the first sequence of the write the frame was part of; a group is written
// only after the group before it was synced. The predecessor's length tells how much of that file was promised.
import { crc32c } from './crc32c.js';

export const SEGMENT_HEADER_BYTES = 64;
export const FRAME_HEADER_BYTES = 24;
/** Largest payload of one frame. Bounds what a damaged length can make us read. */
export const PAYLOAD_BYTES_MAX = 1_048_576;

const MAGIC = Buffer.from('TRKSPOOL');
const FORMAT_VERSION = 1;
const HEADER_CRC_OFFSET = 60;

/** Which file: epochs and segment numbers order the files of a folder. */
export interface SegmentIdentity {
  readonly epoch: number;
  readonly segment: number;
}

/** How many bytes of a segment were acknowledged to somebody; what lies behind them never was. */
export interface PromisedLength extends SegmentIdentity {
  readonly bytes: number;
}

/** A segment's header. */
export interface SegmentHeader extends SegmentIdentity {
  readonly firstSequence: number;
  /** The file before this one when this one was made; null when it was the only one. */
  readonly predecessor: PromisedLength | null;
}

/** Where a frame with a correct checksum lies. */
export interface FrameAt {
  readonly offset: number;
  readonly end: number;
  readonly sequence: number;
  readonly group: number;
}

/** The file's name. Sorts by epoch, then segment. */
export function segmentFileName({ epoch, segment }: SegmentIdentity): string {
  return `${pad(epoch)}-${pad(segment)}.seg`;
}

/** Reads a segment file's name; null for any other file. */
export function parseSegmentFileName(name: string): SegmentIdentity | null {
  const match = /^(\d{10})-(\d{10})\.seg$/.exec(name);
  return match === null ? null : { epoch: Number(match[1]), segment: Number(match[2]) };
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32BE(FORMAT_VERSION, 8);
  const { epoch, segment, firstSequence, predecessor } = header;
  const numbers = [epoch, segment, firstSequence, predecessor?.epoch, predecessor?.segment, predecessor?.bytes];
  numbers.forEach((value, index) => bytes.writeBigUInt64BE(BigInt(value ?? 0), 12 + index * 8));
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, HEADER_CRC_OFFSET)), HEADER_CRC_OFFSET);
  return bytes;
}

/** Reads a header: `unknown_version` when a newer program wrote it, `damaged` when the bytes are not what was written. */
export function decodeHeader(bytes: Buffer): SegmentHeader | 'damaged' | 'unknown_version' {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'damaged';
  if (crc32c(bytes.subarray(0, HEADER_CRC_OFFSET)) !== bytes.readUInt32BE(HEADER_CRC_OFFSET)) return 'damaged';
  if (bytes.readUInt32BE(8) !== FORMAT_VERSION) return 'unknown_version';
  const number = (index: number): number => Number(bytes.readBigUInt64BE(12 + index * 8));
  return {
    epoch: number(0),
    segment: number(1),
    firstSequence: number(2),
    predecessor: number(3) === 0 ? null : { epoch: number(3), segment: number(4), bytes: number(5) },
  };
}

/** The checksum that all frames of a segment begin with. */
export function frameSeed({ epoch, segment }: SegmentIdentity): number {
  return crc32c(Buffer.from(`${epoch}/${segment}`));
}

/** Writes a frame around the payload. */
export function encodeFrame(payload: Buffer, at: { seed: number; sequence: number; group: number }): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeBigUInt64BE(BigInt(at.sequence), 8);
  frame.writeBigUInt64BE(BigInt(at.group), 16);
  payload.copy(frame, FRAME_HEADER_BYTES);
  frame.writeUInt32BE(frameChecksum(frame, at.seed), 4);
  return frame;
}

/** The frame at an offset; null when there is none that is whole and correct. */
export function frameAt(bytes: Buffer, offset: number, seed: number): FrameAt | null {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return null;
  const length = bytes.readUInt32BE(offset);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length === 0 || length > PAYLOAD_BYTES_MAX || end > bytes.length) return null;
  // Looking for frames in damaged bytes tries every offset: numbers that no writer makes spare most checksums.
  if (bytes.readUInt16BE(offset + 8) !== 0 || bytes.readUInt16BE(offset + 16) !== 0) return null;
  const frame = bytes.subarray(offset, end);
  if (frameChecksum(frame, seed) !== frame.readUInt32BE(4)) return null;
  return { offset, end, sequence: Number(frame.readBigUInt64BE(8)), group: Number(frame.readBigUInt64BE(16)) };
}

/** The record text inside a frame that `frameAt` found. */
export function payloadText(bytes: Buffer, frame: FrameAt): string {
  return bytes.toString('utf8', frame.offset + FRAME_HEADER_BYTES, frame.end);
}

function frameChecksum(frame: Buffer, seed: number): number {
  return crc32c(frame.subarray(8), crc32c(frame.subarray(0, 4), seed));
}

function pad(value: number): string {
  return value.toString().padStart(10, '0');
}
