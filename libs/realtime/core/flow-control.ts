// Decides when a source stands still: because its receiver is slow (bytes above the high-water mark), or because a held
// message awaits its verdict. A receiver that stays slow for too long, or that lets more than the hard cap pile up, is
// reported once. Nothing is ever dropped or reordered here.
import type { FlowCounters } from './counters.js';
import type { RelayLimits } from './limits.js';
import type { Wire } from './wire.js';

/** Stops and starts one source by the state of its sink. */
export class FlowControl {
  private sinkIsSlow = false;
  private verdictIsDue = false;
  private reported = false;
  /** Unknown until the first sweep sees the pause; one tick of imprecision saves a clock read. */
  private slowSinceMs: number | null = null;

  constructor(
    private readonly source: Wire,
    private readonly sink: Wire,
    private readonly limits: RelayLimits,
    private readonly counters: FlowCounters,
    private readonly onSlowSink: (detail: string) => void,
  ) {}

  /** The source is standing still, so its silence says nothing. */
  get paused(): boolean {
    return this.sinkIsSlow || this.verdictIsDue;
  }

  /** Starts the source, unless what was read of it before already stopped it. */
  start(): void {
    if (!this.paused) this.source.resume();
  }

  /** To be called after writes to the sink that it did not take at once. */
  afterWrite(): void {
    const buffered = this.sink.bufferedBytes;
    if (buffered > this.counters.bufferedBytesPeak) this.counters.bufferedBytesPeak = buffered;
    if (buffered > this.limits.hardCapBytes) this.report(`${buffered} bytes buffered, over the hard cap`);
    if (this.sinkIsSlow || buffered <= this.limits.highWaterBytes) return;
    this.sinkIsSlow = true;
    this.counters.pauses++;
    if (!this.verdictIsDue) this.source.pause();
  }

  /** To be called when the sink's buffer shrank. */
  onWritable(): void {
    if (this.sinkIsSlow && this.sink.bufferedBytes <= this.limits.lowWaterBytes) this.sinkRecovered();
  }

  /** The sink is gone and takes nothing more: it can no longer stop the source. */
  sinkGone(): void {
    this.reported = true;
    this.sinkRecovered();
  }

  /** Stops the source until `verdictGiven`. */
  awaitVerdict(): void {
    this.verdictIsDue = true;
    if (!this.sinkIsSlow) this.source.pause();
  }

  /** The held message was dealt with. */
  verdictGiven(): void {
    this.verdictIsDue = false;
    if (!this.sinkIsSlow) this.source.resume();
  }

  /** Once per tick. */
  sweep(nowMs: number): void {
    if (!this.sinkIsSlow) return;
    this.slowSinceMs ??= nowMs;
    if (nowMs - this.slowSinceMs > this.limits.pausedMsMax) this.report(`stopped for ${this.limits.pausedMsMax} ms`);
  }

  private sinkRecovered(): void {
    if (!this.sinkIsSlow) return;
    this.sinkIsSlow = false;
    this.slowSinceMs = null;
    if (!this.verdictIsDue) this.source.resume();
  }

  private report(detail: string): void {
    if (this.reported) return;
    this.reported = true;
    this.onSlowSink(detail);
  }
}
