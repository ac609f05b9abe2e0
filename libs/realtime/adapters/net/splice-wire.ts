// The fast wire over a plain socket: bytes are read into memory that all sockets share and written by the handle itself,
// so that forwarding a chunk costs two system calls and one small copy, and no stream bookkeeping. Node's own socket
// object stays the owner of the connection: it shuts down, closes and reports the end. Uses Node's inside, and is
// therefore only made by `WireFactory`, which falls back to `StreamWire` where that inside looks different.
import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Wire, WireListener } from '../../core/wire.js';
import { BLOCK_BYTES, type SpliceMemory } from './splice-memory.js';
import type { StreamHandle, StreamInternals, WriteRequest } from './stream-internals.js';

/** Bytes that wait until the kernel takes more. `block` is the shared block they lie in, if any. */
interface Waiting {
  bytes: Buffer;
  readonly block: Buffer | null;
}

const END_OF_FILE = 'EOF';

/** A wire over a socket's handle. */
export class SpliceWire implements Wire {
  readonly memory = 'reused';
  private listener: WireListener | null = null;
  private request: WriteRequest;
  /** What the kernel did not take: being written, and queued behind that. Bounded by the owner's flow control. */
  private pending: Waiting | null = null;
  private readonly queue: Waiting[] = [];
  private buffered = 0;
  /** Bytes that the stream had read before the handle was ours. */
  private early: Buffer | null;
  private reading = false;
  private ending = false;
  private peerEnded = false;
  private closed = false;
  private error: Error | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly handle: StreamHandle,
    private readonly internals: StreamInternals,
    private readonly shared: SpliceMemory,
  ) {
    socket.pause();
    const early: unknown = socket.read();
    this.early = Buffer.isBuffer(early) ? early : null;
    this.peerEnded = socket.readableEnded;
    handle.reading = true; // So the stream, which may still be finishing a read, does not start another.
    handle.readStop();
    handle.useUserBuffer(shared.readBuffer);
    handle.onread = () => this.onRead();
    this.request = this.newRequest();
    socket.on('error', (error) => (this.error ??= error));
    socket.on('finish', () => this.destroyWhenBothEnded());
    socket.on('close', () => this.onClose());
  }

  get bufferedBytes(): number {
    return this.buffered;
  }

  listen(listener: WireListener): void {
    this.listener = listener;
    if (this.closed) setImmediate(() => listener.onClosed(this.error));
  }

  resume(): void {
    if (this.closed || this.reading) return;
    this.reading = true;
    const { early } = this;
    this.early = null;
    if (early !== null) this.listener?.onData(early);
    if (this.peerEnded) setImmediate(() => this.closed || this.listener?.onEnd());
    else if (this.isReading()) this.check(this.handle.readStart());
  }

  pause(): void {
    if (this.closed || !this.reading) return;
    this.reading = false;
    this.handle.readStop();
  }

  write(chunk: Buffer): boolean {
    if (this.closed || this.ending || chunk.length === 0) return true;
    if (chunk.length > BLOCK_BYTES) return this.writeOwned(Buffer.from(chunk));
    if (this.pending !== null) {
      this.enqueueCopy(chunk);
      return false;
    }
    const block = this.shared.takeBlock();
    const bytes = block.subarray(0, chunk.copy(block));
    const taken = this.send({ bytes, block });
    return taken;
  }

  writeOwned(chunk: Buffer): boolean {
    if (this.closed || this.ending || chunk.length === 0) return true;
    if (this.pending === null) return this.send({ bytes: chunk, block: null });
    this.queue.push({ bytes: chunk, block: null });
    this.buffered += chunk.length;
    return false;
  }

  end(): void {
    if (this.ending || this.closed) return;
    this.ending = true;
    if (this.pending === null) this.socket.end();
  }

  destroy(): void {
    this.ending = true;
    this.socket.destroy();
  }

  /** The reader may have paused meanwhile, which the compiler cannot know. */
  private isReading(): boolean {
    return this.reading;
  }

  /** Writes; true if the kernel took everything. */
  private send(waiting: Waiting): boolean {
    const status = this.handle.writeBuffer(this.request, waiting.bytes);
    if (status !== 0 || !this.internals.lastWriteIsPending()) {
      if (waiting.block !== null) this.shared.giveBack(waiting.block);
      this.check(status);
      return true;
    }
    this.pending = waiting;
    this.buffered += waiting.bytes.length;
    return false;
  }

  private enqueueCopy(chunk: Buffer): void {
    this.buffered += chunk.length;
    for (let from = 0; from < chunk.length;) {
      let last = this.queue.at(-1);
      if (last === undefined || last.block === null || last.bytes.length === BLOCK_BYTES) {
        const block = this.shared.takeBlock();
        last = { bytes: block.subarray(0, 0), block };
        this.queue.push(last);
      }
      const used = last.bytes.length;
      const block = last.block ?? last.bytes;
      const copied = chunk.copy(block, used, from);
      last.bytes = block.subarray(0, used + copied);
      from += copied;
    }
  }

  private onSent(status: number): void {
    const sent = this.pending;
    this.pending = null;
    this.request = this.newRequest();
    if (sent === null) return;
    this.buffered -= sent.bytes.length;
    if (sent.block !== null) this.shared.giveBack(sent.block);
    if (this.closed || !this.check(status)) return;
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      this.buffered -= next.bytes.length;
      if (!this.send(next)) break;
    }
    if (this.pending === null && this.ending) this.socket.end();
    this.listener?.onWritable();
  }

  private onRead(): void {
    const count = this.internals.bytesReadOrError();
    if (count > 0) this.listener?.onData(this.shared.readBuffer.subarray(0, count));
    else if (count < 0) this.onReadEnd(count);
  }

  private onReadEnd(status: number): void {
    if (getSystemErrorName(status) !== END_OF_FILE) {
      this.check(status);
      return;
    }
    this.peerEnded = true;
    this.listener?.onEnd();
    this.destroyWhenBothEnded();
  }

  private destroyWhenBothEnded(): void {
    if (this.peerEnded && this.socket.writableFinished) this.socket.destroy();
  }

  private onClose(): void {
    this.closed = true;
    this.queue.length = 0;
    this.buffered = 0;
    this.listener?.onClosed(this.error);
  }

  /** A negative status of the handle ends the connection. */
  private check(status: number): boolean {
    if (status >= 0) return true;
    if (!this.closed) this.socket.destroy(new Error(`the socket failed: ${getSystemErrorName(status)}`));
    return false;
  }

  private newRequest(): WriteRequest {
    const request = this.internals.newWriteRequest();
    request.oncomplete = (status) => this.onSent(status);
    return request;
  }
}
