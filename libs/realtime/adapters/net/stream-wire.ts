// A wire over any Node stream: a TCP or TLS socket, or whatever the HTTP server gave for an upgrade. The ordinary way,
// with nothing but public API. What it costs over the spliced wire is a buffer per read and the stream machinery.
import type { Duplex } from 'node:stream';
import type { Wire, WireListener } from '../../core/wire.js';

/** A wire over a stream. */
export class StreamWire implements Wire {
  readonly memory = 'fresh';
  private listener: WireListener | null = null;
  private ending = false;
  private peerEnded = false;
  private closed = false;
  private error: Error | null = null;
  private readonly onWritten = (): void => {
    if (!this.closed) this.listener?.onWritable();
  };

  constructor(private readonly stream: Duplex) {
    stream.pause();
    stream.on('data', (chunk: Buffer) => this.listener?.onData(chunk));
    stream.on('end', () => this.onPeerEnd());
    stream.on('error', (error) => (this.error ??= error));
    stream.on('close', () => this.onClose());
    if (stream.destroyed) this.onClose();
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.stream.writableLength;
  }

  listen(listener: WireListener): void {
    this.listener = listener;
    if (this.closed) setImmediate(() => listener.onClosed(this.error));
  }

  resume(): void {
    this.stream.resume();
  }

  pause(): void {
    this.stream.pause();
  }

  write(chunk: Buffer): boolean {
    return this.writeOwned(Buffer.from(chunk));
  }

  writeOwned(chunk: Buffer): boolean {
    if (this.closed || this.ending || chunk.length === 0) return true;
    this.stream.write(chunk, this.onWritten);
    return this.stream.writableLength === 0;
  }

  end(): void {
    if (this.ending || this.closed) return;
    this.ending = true;
    this.stream.end(() => this.destroyWhenBothEnded());
  }

  destroy(): void {
    this.ending = true;
    this.stream.destroy();
  }

  private onPeerEnd(): void {
    this.peerEnded = true;
    this.listener?.onEnd();
    this.destroyWhenBothEnded();
  }

  private destroyWhenBothEnded(): void {
    if (this.peerEnded && this.stream.writableFinished) this.stream.destroy();
  }

  private onClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.listener?.onClosed(this.error);
  }
}
