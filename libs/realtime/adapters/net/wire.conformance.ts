// What every wire must do, over real sockets. Run for each kind of wire, plain and over TLS, accepted and dialled.
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { eventually } from '../../../../test/support/poll.js';
import type { Wire } from '../../core/wire.js';

/** A wire and the socket at its other end. */
export interface WirePair {
  readonly wire: Wire;
  readonly peer: Socket;
  /** Breaks the connection from the peer's side, as a vanished process does. */
  reset(): void;
  close(): void;
}

/** Everything a wire told its reader. */
class Reader {
  readonly chunks: Buffer[] = [];
  ends = 0;
  writables = 0;
  readonly closes: (Error | null)[] = [];

  onData(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
  }
  onWritable(): void {
    this.writables++;
  }
  onEnd(): void {
    this.ends++;
  }
  onClosed(error: Error | null): void {
    this.closes.push(error);
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const MEGABYTE = 1024 * 1024;
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function gather(peer: Socket): { bytes(): Buffer; ended(): boolean } {
  const chunks: Buffer[] = [];
  let ended = false;
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  peer.on('end', () => (ended = true));
  return { bytes: () => Buffer.concat(chunks), ended: () => ended };
}

/** Sends in odd sizes, so that no boundary is a round number. */
function pieces(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = [1, 7, 216, 2500, 16_384, 70_001][i % 6] ?? 1;
    all.push(bytes.subarray(at, at + size));
    at += size;
  }
  return all;
}

/** Writes until the wire has to buffer: the kernel's own buffers hide the first megabytes. */
function fill(wire: Wire, sent: Buffer[]): void {
  for (let i = 0; i < 2000 && wire.bufferedBytes < MEGABYTE; i++) {
    const chunk = randomBytes(16_384);
    sent.push(Buffer.from(chunk));
    wire.write(chunk);
    chunk.fill(0); // The memory is ours again.
  }
}

/** Registers the cases. `open` makes a fresh pair. */
export function wireConformance(open: () => Promise<WirePair>): void {
  let pair: WirePair;
  let reader: Reader;

  beforeEach(async () => {
    pair = await open();
    reader = new Reader();
    pair.wire.listen(reader);
  });
  afterEach(() => pair.close());

  const gone = (): Promise<true> => eventually('the wire is gone', () => reader.closes.length > 0 || null);

  it('carries bytes unchanged and in order, both ways at once', async () => {
    const { wire, peer } = pair;
    const got = gather(peer);
    const down = randomBytes(3 * MEGABYTE);
    const up = randomBytes(3 * MEGABYTE);
    wire.resume();
    for (const piece of pieces(up)) peer.write(piece);
    pieces(down).forEach((piece, i) => {
      const lent = Buffer.from(piece);
      if (i % 3 === 0) return wire.writeOwned(lent);
      wire.write(lent);
      return lent.fill(0);
    });
    await eventually(
      'all arrived',
      () => (reader.bytes.length >= up.length && got.bytes().length >= down.length) || null,
    );
    expect(hash(reader.bytes)).toBe(hash(up));
    expect(hash(got.bytes())).toBe(hash(down));
    expect(wire.bufferedBytes).toBe(0);
  });

  it('delivers nothing before it is resumed, and loses nothing then', async () => {
    const { wire, peer } = pair;
    await new Promise((resolve) => peer.write('early', resolve));
    expect(reader.bytes).toHaveLength(0);
    wire.resume();
    await eventually('it arrived', () => reader.bytes.toString() === 'early' || null);
  });

  it('stops at pause and goes on at resume, without loss', async () => {
    const { wire, peer } = pair;
    const up = randomBytes(8 * MEGABYTE);
    reader.onData = function (chunk) {
      this.chunks.push(Buffer.from(chunk));
      wire.pause();
    };
    peer.write(up);
    for (let got = -1; reader.bytes.length < up.length; got = reader.bytes.length) {
      wire.resume();
      await eventually('a little more arrived', () => reader.bytes.length > got || null);
      if (reader.bytes.length > MEGABYTE / 8) break;
    }
    const stoppedAt = reader.bytes.length;
    expect(stoppedAt).toBeLessThan(MEGABYTE);
    Reflect.deleteProperty(reader, 'onData');
    wire.resume();
    await eventually('all arrived', () => reader.bytes.length >= up.length || null);
    expect(hash(reader.bytes)).toBe(hash(up));
  });

  it('counts what a peer that does not read leaves buffered, and reports when that goes down', async () => {
    const { wire, peer } = pair;
    peer.pause();
    const sent: Buffer[] = [];
    fill(wire, sent);
    expect(wire.bufferedBytes).toBeGreaterThanOrEqual(MEGABYTE);
    expect(wire.write(Buffer.from('x'))).toBe(false);
    sent.push(Buffer.from('x'));
    const got = gather(peer);
    peer.resume();
    await eventually('everything was sent', () => (wire.bufferedBytes === 0 && reader.writables > 0) || null);
    const all = Buffer.concat(sent);
    await eventually('everything arrived', () => got.bytes().length >= all.length || null);
    expect(hash(got.bytes())).toBe(hash(all));
  });

  it('reports the end of the peer once and can still answer', async () => {
    const { wire, peer } = pair;
    const got = gather(peer);
    wire.resume();
    peer.end('last words');
    await eventually('the end', () => reader.ends > 0 || null);
    expect(reader.bytes.toString()).toBe('last words');
    wire.write(Buffer.from('answer'));
    wire.end();
    await eventually('the answer', () => got.ended() || null);
    expect(got.bytes().toString()).toBe('answer');
    await gone();
    expect([reader.ends, reader.closes]).toEqual([1, [null]]);
  });

  it('sends what is queued before it ends', async () => {
    const { wire, peer } = pair;
    peer.pause();
    const sent: Buffer[] = [];
    fill(wire, sent);
    wire.end();
    wire.write(Buffer.from('after the end'));
    const got = gather(peer);
    peer.resume();
    await eventually('the end', () => got.ended() || null);
    expect(hash(got.bytes())).toBe(hash(Buffer.concat(sent)));
  });

  it('reports a peer that vanished once, with an error, and drops what is written then', async () => {
    const { wire } = pair;
    wire.resume();
    pair.reset();
    await gone();
    expect(wire.write(Buffer.from('x'))).toBe(true);
    expect(wire.writeOwned(Buffer.from('x'))).toBe(true);
    expect(wire.bufferedBytes).toBe(0);
    wire.end();
    wire.pause();
    wire.resume();
    wire.destroy();
    expect(reader.closes.map((error) => error !== null)).toEqual([true]);
  });

  it('finds out by writing that the peer vanished, without reading', async () => {
    const { wire } = pair;
    pair.reset();
    await eventually('the write fails', () => {
      wire.write(Buffer.alloc(1000));
      return reader.closes.length > 0 || null;
    });
    expect(reader.closes.map((error) => error !== null)).toEqual([true]);
  });

  it('can be destroyed with bytes queued, twice, and reports it once', async () => {
    const { wire, peer } = pair;
    const got = gather(peer);
    peer.pause();
    fill(wire, []);
    wire.destroy();
    wire.destroy();
    await gone();
    expect(reader.closes).toEqual([null]);
    expect(wire.bufferedBytes).toBe(0);
    peer.resume();
    await eventually('the peer sees it', () => got.ended() || peer.destroyed || null);
  });

  it('can be destroyed by its reader while it reads', async () => {
    const { wire, peer } = pair;
    reader.onData = () => wire.destroy();
    wire.resume();
    peer.write('x');
    await gone();
  });

  it('can be handed on to another reader', async () => {
    const { wire, peer } = pair;
    reader.onData = function (chunk) {
      this.chunks.push(Buffer.from(chunk));
      wire.pause();
    };
    wire.resume();
    peer.write('one');
    await eventually('one', () => reader.bytes.toString() === 'one' || null);
    const second = new Reader();
    wire.listen(second);
    await new Promise((resolve) => peer.write('two', resolve));
    wire.resume();
    await eventually('two', () => second.bytes.toString() === 'two' || null);
    expect(reader.bytes.toString()).toBe('one');
  });

  it('tells a reader that comes late that it is gone', async () => {
    pair.wire.destroy();
    await gone();
    const late = new Reader();
    pair.wire.listen(late);
    expect(late.closes).toEqual([]);
    await eventually('told', () => late.closes.length === 1 || null);
  });
}
