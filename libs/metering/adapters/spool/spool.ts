// The local journal of one gateway process: appends are durable when they resolve, whatever the database does. One
// durable write at a time; what arrives meanwhile goes into the next group, so an idle spool answers after a
// single sync and a busy one shares each sync among many. Memory is bounded by what may wait, disk by the byte budget.
// The drain is its only reader.
import {
  JournalError,
  JournalRecordUnreadable,
  readJournalRecord,
  writeJournalRecord,
  type JournalBatch,
  type JournalPressure,
  type JournalRecord,
  type UsageJournal,
} from '@trunkline/metering';
import { describeDiskError } from './disk-error.js';
import type { FolderOwner } from './owner.js';
import { FRAME_HEADER_BYTES, PAYLOAD_BYTES_MAX } from './segment-format.js';
import { SegmentQueue, type BatchLimits } from './segment-queue.js';
import { SegmentWriter, type WrittenSegment } from './segment-writer.js';
import type { Recovery } from './recover.js';
import { setRecordAside } from './set-aside.js';
import type { SpoolSettings } from './spool-options.js';

interface WaitingAppend {
  readonly payload: Buffer;
  readonly startedMs: number;
  readonly resolve: () => void;
  readonly reject: (error: JournalError) => void;
}

/** What a spool holds now. */
export interface SpoolStats {
  readonly bytes: number;
  readonly bytesMax: number;
  /** Durable records that the store does not have yet. */
  readonly pendingRecords: number;
  readonly pressure: JournalPressure;
}

const WARN_RATIO = 0.8;
const REFUSE_RATIO = 0.9;
const TICK_MS = 1_000;
// Well under the silence after which another container takes the folder (5 s): see owner.ts.
const OWNER_CHECK_AFTER_MS = 3_000;

export class Spool implements UsageJournal {
  private readonly waiting: WaitingAppend[] = [];
  private waitingBytes = 0;
  private flushing: Promise<void> | null = null;
  private writing: Promise<unknown> = Promise.resolve();
  private fault: JournalError | null = null;
  private closed = false;
  private inFlight: { readonly group: readonly WaitingAppend[]; readonly sinceMs: number } | null = null;
  private ticking = false;
  private lastBeatMs: number;
  private readonly timer: NodeJS.Timeout;
  private readonly writer: SegmentWriter;
  private readonly queue: SegmentQueue;
  private wake: () => void = () => undefined;

  /** Use `openSpool`. */
  constructor(
    private readonly settings: SpoolSettings,
    private readonly owner: FolderOwner,
    recovery: Recovery,
  ) {
    const { files, folder, segmentBytes, onIncident } = settings;
    this.queue = new SegmentQueue({ files, spoolId: owner.spoolId, onIncident, seal: (segment) => this.seal(segment) });
    this.writer = new SegmentWriter({
      files,
      folder,
      epoch: owner.epoch,
      segmentBytes,
      predecessor: recovery.lastPromise,
      onSegment: (segment) => this.queue.add(segment),
    });
    for (const { segment, setApart } of recovery.segments) this.queue.add(segment, setApart);
    this.lastBeatMs = settings.clock.monotonicMs();
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  /** The folder, the same for all runs on it, and which run this is. */
  get run(): { readonly spoolId: string; readonly epoch: number } {
    return { spoolId: this.owner.spoolId, epoch: this.owner.epoch };
  }

  append(record: JournalRecord): Promise<void> {
    const payload = readablePayload(record);
    if (payload instanceof JournalError) return Promise.reject(payload);
    const refusal = this.refusal(payload.length);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.waiting.push({ payload, startedMs: this.settings.clock.monotonicMs(), resolve, reject });
      this.waitingBytes += payload.length;
      this.flushing ??= this.flush();
    });
  }

  pressure(): JournalPressure {
    if (this.fault !== null || this.closed) return 'full';
    const ratio = (this.queue.bytes() + this.waitingBytes) / this.settings.bytesMax;
    if (ratio >= 1) return 'full';
    return ratio >= REFUSE_RATIO ? 'refuse' : ratio >= WARN_RATIO ? 'warn' : 'ok';
  }

  /** For metrics and the health page. */
  stats(): SpoolStats {
    const { bytesMax } = this.settings;
    return { bytes: this.queue.bytes(), bytesMax, pendingRecords: this.queue.pending(), pressure: this.pressure() };
  }

  /** For the drain: the oldest records that are not confirmed, or null. Gives the same again until then. */
  read(limits: BatchLimits): Promise<JournalBatch | null> {
    return this.queue.read(limits);
  }

  /** For the drain: the batch that `read` gave last is stored; deletes a file that is done with. */
  confirm(batch: JournalBatch): Promise<void> {
    return this.queue.confirm(batch);
  }

  /** For the drain: keeps a record that the store will never take, durably, outside the queue. */
  async setAside(batch: JournalBatch, reason: string): Promise<void> {
    await setRecordAside(this.settings, batch, reason);
  }

  /** For the drain: calls back after each group that became durable. One listener. */
  onDurable(wake: () => void): void {
    this.wake = wake;
  }

  /** Refuses appends, makes those that wait durable, and lets the folder go. What is not drained stays on disk. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    await this.flushing;
    await this.writing;
    await this.writer.seal();
    try {
      await this.queue.read({ recordsMax: 1, bytesMax: 1 }); // Deletes the files that are confirmed to their end.
    } finally {
      if (this.fault?.code !== 'owner_lost') await this.owner.release(this.writer.promise());
    }
  }

  private refusal(payloadBytes: number): JournalError | null {
    const { bytesMax, waitingBytesMax, folder } = this.settings;
    if (this.closed) return new JournalError('closed', 'The journal is closed because this process is stopping.');
    if (this.fault !== null) return this.fault;
    if (payloadBytes > PAYLOAD_BYTES_MAX)
      return new JournalError('too_large', `A journal record has ${payloadBytes} bytes; ${PAYLOAD_BYTES_MAX} fit.`);
    const wanted = this.waitingBytes + payloadBytes + FRAME_HEADER_BYTES;
    if (wanted > waitingBytesMax)
      return new JournalError('overloaded', `Over ${waitingBytesMax} bytes wait for the disk of ${folder}.`);
    if (this.queue.bytes() + wanted > bytesMax)
      return new JournalError(
        'full',
        `The spool ${folder} holds its ${bytesMax} bytes. It empties when the database takes records: ` +
          'check that it is reachable, or give the spool more room.',
      );
    return null;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.exclusively(async () => {
        const group = this.takeGroup(); // Only now: what was appended in the same turn shares the sync.
        this.inFlight = { group, sinceMs: this.settings.clock.monotonicMs() };
        const error = await this.store(group);
        this.inFlight = null;
        if (error !== null) return this.rejectAll(group, error);
        for (const each of group) this.settle(each);
        this.wake();
      });
    }
    this.flushing = null;
  }

  private takeGroup(): readonly WaitingAppend[] {
    let bytes = 0;
    let count = 0;
    for (const { payload } of this.waiting) {
      if (count > 0 && bytes + payload.length > this.settings.groupBytesMax) break;
      bytes += payload.length;
      count++;
    }
    this.waitingBytes -= bytes;
    return this.waiting.splice(0, count);
  }

  private async store(group: readonly WaitingAppend[]): Promise<JournalError | null> {
    const payloads = group.map((each) => each.payload);
    const { clock, probe } = this.settings;
    const startedMs = clock.monotonicMs();
    try {
      // A second try in a new file: a single file's bad block, or space that was freed meanwhile, ends no session.
      await this.writer.write(payloads).catch(() => this.writer.write(payloads));
      probe?.synced((clock.monotonicMs() - startedMs) / 1_000, payloads.length);
      const stood = clock.monotonicMs() - this.lastBeatMs > OWNER_CHECK_AFTER_MS;
      if (stood && !(await this.beat())) return this.fault;
      return null;
    } catch (error) {
      this.fail(error);
      return this.fault;
    }
  }

  private settle(append: WaitingAppend): void {
    this.settings.probe?.appended((this.settings.clock.monotonicMs() - append.startedMs) / 1_000);
    append.resolve();
  }

  // Those that still wait would fail on the same disk; they are told now instead of one sync later.
  private rejectAll(group: readonly WaitingAppend[], error: JournalError): void {
    this.waitingBytes = 0;
    for (const each of [...group, ...this.waiting.splice(0)]) each.reject(error);
  }

  private fail(error: unknown): void {
    if (this.fault !== null) return;
    const reason = describeDiskError(error, this.settings.folder);
    this.fault = new JournalError('io', reason, { cause: error });
    this.settings.onIncident({ kind: 'disk_failed', reason });
  }

  // The one timer: shows that we live, and finds out whether a disk that failed works again.
  private async tick(): Promise<void> {
    this.failIfStalled();
    if (this.ticking) return;
    this.ticking = true;
    await this.exclusively(async () => {
      try {
        if (!(await this.beat()) || this.fault?.code !== 'io') return;
        await this.writer.ready();
        this.fault = null;
        this.settings.onIncident({ kind: 'disk_recovered' });
      } catch (error) {
        this.fail(error);
      }
    });
    this.ticking = false;
  }

  // A disk that does not answer is a disk that failed: sessions must learn of it, not hang. Should the write succeed
  // after all, its records are durable although their appends failed; appending them again does no harm.
  private failIfStalled(): void {
    const { clock, stallMsMax } = this.settings;
    if (this.inFlight === null || clock.monotonicMs() - this.inFlight.sinceMs < stallMsMax) return;
    this.fail(new Error(`its disk has not answered for ${stallMsMax} ms`));
    if (this.fault !== null) this.rejectAll(this.inFlight.group, this.fault);
  }

  private async beat(): Promise<boolean> {
    const startedMs = this.settings.clock.monotonicMs();
    if (await this.owner.beat()) {
      this.lastBeatMs = startedMs;
      return true;
    }
    if (this.fault?.code !== 'owner_lost') {
      const { folder } = this.settings;
      this.fault = new JournalError('owner_lost', `Another process took over the spool ${folder}. Restart this one.`);
      this.settings.onIncident({ kind: 'owner_lost', folder });
    }
    return false;
  }

  private seal(segment: WrittenSegment): Promise<void> {
    return this.exclusively(() => (segment.sealed ? Promise.resolve() : this.writer.seal()));
  }

  // Writes, seals and disk checks never overlap.
  private exclusively<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.writing.then(step);
    this.writing = turn.catch(() => undefined);
    return turn;
  }
}

// Acknowledging what cannot be read back would lose it at the next start, so reading it is part of writing it.
function readablePayload(record: JournalRecord): Buffer | JournalError {
  const text = writeJournalRecord(record);
  try {
    readJournalRecord(text);
  } catch (cause) {
    if (!(cause instanceof JournalRecordUnreadable)) throw cause;
    return new JournalError('invalid', `A ${record.kind} record is invalid: ${cause.message}`, { cause });
  }
  return Buffer.from(text);
}
