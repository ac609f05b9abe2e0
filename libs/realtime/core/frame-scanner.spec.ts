import fc from 'fast-check';
import { applyMask, encodeFrame, turnMask } from './frame-codec.js';
import { FrameScanner, isTooLarge, type ScanLimits } from './frame-scanner.js';

const LIMITS: ScanLimits = { messageBytesMax: 100_000, fragmentsMax: 8 };

interface Part {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
  readonly maskKey: number | null;
}

/** What a scan found, put together so that it does not depend on where the chunks were cut. */
interface Found extends Omit<Part, 'payload'> {
  /** As text, which compares faster than bytes. */
  readonly payload: string;
  readonly startsMessage: boolean;
  readonly messageEnds: boolean;
}

function scan(chunks: readonly Buffer[], masking: 'required' | 'forbidden', limits = LIMITS) {
  const scanner = new FrameScanner(masking, limits);
  const frames: Found[] = [];
  let header = 0;
  let payload: Buffer[] = [];
  for (const chunk of chunks) {
    scanner.feed(chunk);
    for (let event = scanner.next(); event !== 'starved'; event = scanner.next()) {
      if (event === 'violation') return { frames, violation: scanner.violation, header };
      if (event === 'header') header += scanner.carried + scanner.position - scanner.frameStart;
      if (event === 'header') payload = [];
      if (event !== 'payload') continue;
      if (scanner.pieceEnd > chunk.length) throw new Error('read past the chunk');
      const piece = Buffer.from(chunk.subarray(scanner.pieceStart, scanner.pieceEnd));
      applyMask(piece, 0, piece.length, turnMask(scanner.maskKey, scanner.pieceOffset));
      payload.push(piece);
      if (!scanner.frameEnds) continue;
      const { opcode, fin, masked, maskKey, startsMessage, messageEnds } = scanner;
      const whole = Buffer.concat(payload).toString('latin1');
      frames.push({ opcode, fin, payload: whole, maskKey: masked ? maskKey : null, startsMessage, messageEnds });
    }
  }
  return { frames, violation: scanner.violation, header };
}

function encode(part: Part): Buffer {
  const frame = encodeFrame(part.opcode, part.payload, part.maskKey);
  if (!part.fin) frame[0] = part.opcode;
  return frame;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const payloadOf = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(65_534, 65_535, 65_536, 66_000).map((n) => new Uint8Array(n).fill(7)) },
);
const controlFrame = fc
  .tuple(fc.constantFrom(8, 9, 10), fc.uint8Array({ maxLength: 125 }))
  .map(([opcode, payload]) => ({ opcode, fin: true, payload: Buffer.from(payload) }));
const message = fc
  .tuple(fc.constantFrom(1, 2), fc.array(fc.tuple(payloadOf, fc.option(controlFrame)), { minLength: 1, maxLength: 4 }))
  .map(([opcode, fragments]) =>
    fragments.flatMap(([payload, control], i) => [
      { opcode: i === 0 ? opcode : 0, fin: i === fragments.length - 1, payload: Buffer.from(payload) },
      ...(control === null ? [] : [control]),
    ]),
  );
const stream = (masked: boolean) =>
  fc
    .tuple(
      fc.array(
        fc.oneof(
          message,
          controlFrame.map((frame) => [frame]),
        ),
        { maxLength: 6 },
      ),
      fc.nat(0xffff_ffff),
    )
    .map(([frames, key]) => frames.flat().map((frame): Part => ({ ...frame, maskKey: masked ? key : null })));
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
});

describe('the frame scanner', () => {
  it.each([true, false])('finds every frame, however the bytes are cut (masked: %s)', (masked) => {
    fc.assert(
      fc.property(stream(masked), sizes, (parts, cuts) => {
        const bytes = Buffer.concat(parts.map(encode));
        const found = scan(cut(bytes, cuts), masked ? 'required' : 'forbidden', { ...LIMITS, messageBytesMax: 1e6 });
        expect(found.violation).toBeNull();
        expect(found.frames.map(({ opcode, fin, payload, maskKey }) => ({ opcode, fin, payload, maskKey }))).toEqual(
          parts.map((part) => ({ ...part, payload: part.payload.toString('latin1') })),
        );
        const data = found.frames.filter((frame) => frame.opcode < 8);
        expect(data.every((frame) => frame.messageEnds === frame.fin)).toBe(true);
        expect(data.every((frame) => frame.startsMessage === (frame.opcode !== 0))).toBe(true);
        const payloadBytes = parts.reduce((sum, part) => sum + part.payload.length, 0);
        expect(found.header).toBe(bytes.length - payloadBytes);
      }),
      { numRuns: 200 },
    );
  });

  it('finds the same in random bytes, cut or whole, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), sizes, fc.boolean(), (random, cuts, masked) => {
        const bytes = Buffer.from(random);
        const masking = masked ? 'required' : 'forbidden';
        expect(scan(cut(bytes, cuts), masking)).toEqual(scan([bytes], masking));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the same in valid frames with one byte changed, cut or whole', () => {
    fc.assert(
      fc.property(stream(true), sizes, fc.nat(), fc.nat(255), (parts, cuts, at, value) => {
        const bytes = Buffer.concat(parts.map(encode));
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        expect(scan(cut(bytes, cuts), 'required')).toEqual(scan([bytes], 'required'));
      }),
      { numRuns: 300 },
    );
  });

  const masked = (opcode: number, length: number, fin = true): Buffer =>
    encode({ opcode, fin, payload: Buffer.alloc(length), maskKey: 0x01020304 });
  const patched = (frame: Buffer, at: number, bits: number): Buffer => {
    frame[at] = (frame[at] ?? 0) ^ bits;
    return frame;
  };
  const length64 = (high: number, low: number): Buffer => {
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    header.writeUInt32BE(high, 2);
    header.writeUInt32BE(low, 6);
    return header;
  };
  it.each([
    ['reserved bit 1', patched(masked(1, 1), 0, 0x40), 'reserved_bits'],
    ['reserved bit 2', patched(masked(1, 1), 0, 0x20), 'reserved_bits'],
    ['reserved bit 3', patched(masked(9, 1), 0, 0x10), 'reserved_bits'],
    ['a data opcode of the future', masked(3, 1), 'opcode_unknown'],
    ['a control opcode of the future', masked(11, 1), 'opcode_unknown'],
    ['a missing mask', encodeFrame(1, Buffer.from('x'), null), 'mask_missing'],
    ['a fragmented ping', masked(9, 1, false), 'control_fragmented'],
    ['a ping of 126 bytes', masked(9, 126), 'control_too_long'],
    ['a continuation of nothing', masked(0, 1), 'continuation_unexpected'],
    ['a second start', Buffer.concat([masked(1, 1, false), masked(1, 1)]), 'message_interleaved'],
    ['a length with its first bit set', length64(0x8000_0000, 0), 'length_invalid'],
    ['a length past 2^53', length64(0x7fff_ffff, 0), 'message_too_large'],
    ['a frame past the limit', masked(1, 100_001), 'message_too_large'],
    ['a message past the limit', Buffer.concat([masked(1, 99_999, false), masked(0, 2)]), 'message_too_large'],
    [
      'too many fragments',
      Buffer.concat([masked(1, 0, false), ...Array(8).fill(masked(0, 0, false))]),
      'fragments_too_many',
    ],
  ])('refuses %s', (_what, bytes, violation) => {
    expect(scan([bytes], 'required').violation).toBe(violation);
  });

  it('refuses a mask from a server', () => {
    expect(scan([masked(1, 1)], 'forbidden').violation).toBe('mask_forbidden');
  });

  it('refuses an oversized message at its header, before its bytes are taken', () => {
    expect(scan([masked(1, 200_000).subarray(0, 14)], 'required').violation).toBe('message_too_large');
  });

  it('tells size from form, for the close code', () => {
    expect([isTooLarge('message_too_large'), isTooLarge('fragments_too_many'), isTooLarge('reserved_bits')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('stays at its first violation', () => {
    const scanner = new FrameScanner('required', LIMITS);
    scanner.feed(masked(3, 1));
    expect(scanner.next()).toBe('violation');
    scanner.feed(masked(1, 1));
    expect(scanner.next()).toBe('violation');
  });
});
