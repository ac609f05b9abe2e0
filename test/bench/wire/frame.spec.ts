import { applyMask, buildFrame, FrameReader, type FrameView, headerBytes, OPCODE } from './frame.js';

/** What a reader made of some chunks: opcode and unmasked payload of each frame. */
function readAll(chunks: readonly Buffer[]): { opcode: number; payload: string }[] {
  const frames: { opcode: number; payload: string }[] = [];
  const reader = new FrameReader((frame: FrameView) => {
    const payload = Buffer.from(frame.bytes.subarray(frame.start, frame.end));
    if (frame.masked) applyMask(payload, 0, payload.length, frame.maskKey);
    frames.push({ opcode: frame.opcode, payload: payload.toString('latin1') });
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

const SIZES = [0, 1, 125, 126, 2600, 65_535, 65_536, 70_000];
const payloadOf = (size: number): Buffer => Buffer.from('x'.repeat(size));

describe('frames', () => {
  it.each(SIZES)('of %i bytes are read as they were built, masked or not', (size) => {
    for (const key of [undefined, 0x9abcdef0]) {
      const frame = buildFrame(OPCODE.text, payloadOf(size), key);
      expect(frame.length).toBe(headerBytes(size, key !== undefined) + size);
      expect(readAll([frame])).toEqual([{ opcode: OPCODE.text, payload: 'x'.repeat(size) }]);
    }
  });

  it('come out whole and in order wherever the stream is cut', () => {
    const expected = [3, 0, 126, 300].map((size) => ({ opcode: OPCODE.text, payload: 'x'.repeat(size) }));
    const bytes = Buffer.concat([3, 0, 126, 300].map((size) => buildFrame(OPCODE.text, payloadOf(size), 0x01020304)));
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
    expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('survive a read buffer that is used again', () => {
    const shared = Buffer.alloc(64);
    const bytes = buildFrame(OPCODE.text, Buffer.from('first half, second half'));
    const seen: string[] = [];
    const reader = new FrameReader((frame) => seen.push(frame.bytes.toString('latin1', frame.start, frame.end)));
    for (const half of [bytes.subarray(0, 10), bytes.subarray(10)]) {
      half.copy(shared);
      reader.push(shared, half.length);
      shared.fill(0);
    }
    expect(seen).toEqual(['first half, second half']);
  });
});
