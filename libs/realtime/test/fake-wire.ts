// A wire in memory, for tests of the core. It reads only when resumed, takes as much as it is told to, and remembers
// what was written.
import type { Wire, WireListener } from '../core/wire.js';

export class FakeWire implements Wire {
  readonly memory: Wire['memory'];
  readonly written: Buffer[] = [];
  bufferedBytes = 0;
  paused = true;
  ended = false;
  destroyed = false;
  /** While false, everything written stays buffered. */
  takes = true;
  private listener: WireListener | null = null;
  private readonly unread: Buffer[] = [];

  constructor(memory: Wire['memory'] = 'reused') {
    this.memory = memory;
  }

  /** All bytes written, in one. */
  get output(): Buffer {
    return Buffer.concat(this.written);
  }

  listen(listener: WireListener): void {
    this.listener = listener;
  }

  resume(): void {
    this.paused = false;
    while (!this.isPaused() && this.unread.length > 0) this.hand(this.unread.shift() ?? Buffer.alloc(0));
  }

  pause(): void {
    this.paused = true;
  }

  write(chunk: Buffer): boolean {
    return this.writeOwned(Buffer.from(chunk));
  }

  writeOwned(chunk: Buffer): boolean {
    if (this.ended || this.destroyed) return true;
    this.written.push(chunk);
    if (!this.takes) this.bufferedBytes += chunk.length;
    return this.takes;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.bufferedBytes = 0;
    this.listener?.onClosed(null);
  }

  /** The peer sends these bytes; they arrive when the wire is read. */
  deliver(bytes: Buffer): void {
    if (this.paused || this.unread.length > 0) this.unread.push(bytes);
    else this.hand(bytes);
  }

  /** The peer shuts its side down. */
  peerEnds(): void {
    this.listener?.onEnd();
  }

  /** The connection breaks. */
  breaks(): void {
    this.destroyed = true;
    this.bufferedBytes = 0;
    this.listener?.onClosed(new Error('reset'));
  }

  /** The peer reads, so that this much stays buffered. */
  drainTo(bytes: number): void {
    this.bufferedBytes = bytes;
    this.listener?.onWritable();
  }

  private hand(bytes: Buffer): void {
    const lent = Buffer.from(bytes);
    this.listener?.onData(lent);
    if (this.memory === 'reused') lent.fill(0xee); // Whoever kept a reference sees rubbish.
  }

  private isPaused(): boolean {
    return this.paused;
  }
}
