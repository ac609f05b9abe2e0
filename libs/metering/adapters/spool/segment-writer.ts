// Writes groups of records into the current segment file and makes them durable. A group either is durable as a whole
// when `write` resolves, or counts as never written: after any error the file is given up (once an fsync has failed, what
// a file holds is unknown), cut back to what was promised if the disk allows, and the next group goes into a new file.
// The new file's header repeats the promise, so leftovers of a failed write are never taken for records.
import { join } from 'node:path';
import type { SpoolFile, SpoolFiles } from './files.js';
import {
  encodeFrame,
  encodeHeader,
  frameSeed,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
  type PromisedLength,
  type SegmentHeader,
} from './segment-format.js';

/** A segment as the writer made it known: how much of it is durable. Grows while it is the current one. */
export interface WrittenSegment extends SegmentHeader {
  readonly path: string;
  durableBytes: number;
  /** One more than the last durable sequence. */
  nextSequence: number;
  /** No more records will be added. */
  sealed: boolean;
}

/** Where segments go. */
export interface SegmentWriterOptions {
  readonly files: SpoolFiles;
  readonly folder: string;
  readonly epoch: number;
  /** A file of at least this size is closed before the next group. */
  readonly segmentBytes: number;
  /** The file that came before this run's first one; null when the folder was empty. */
  readonly predecessor: PromisedLength | null;
  /** Called once for each new file, before anything is in it. */
  readonly onSegment: (segment: WrittenSegment) => void;
}

/** The one writer of a spool folder. Calls must not overlap. */
export class SegmentWriter {
  private current: { readonly file: SpoolFile; readonly segment: WrittenSegment; readonly seed: number } | null = null;
  private predecessor: PromisedLength | null;
  private lastNumber = 0;
  private nextSequence = 1;

  constructor(private readonly options: SegmentWriterOptions) {
    this.predecessor = options.predecessor;
  }

  /** Adds the payloads in order and resolves when they are durable. Rejects with the disk's error; then none is. */
  async write(payloads: readonly Buffer[]): Promise<void> {
    if (this.current !== null && this.current.segment.durableBytes >= this.options.segmentBytes) await this.seal();
    const { file, segment, seed } = this.current ?? (await this.begin());
    const group = segment.nextSequence;
    const frames = payloads.map((payload, index) => encodeFrame(payload, { seed, sequence: group + index, group }));
    const bytes = Buffer.concat(frames);
    try {
      await file.write(bytes, segment.durableBytes);
    } catch (error) {
      await this.abandon();
      throw error;
    }
    segment.durableBytes += bytes.length;
    segment.nextSequence = group + payloads.length;
    this.nextSequence = segment.nextSequence;
  }

  /** Starts a new file if there is none: tells whether the disk takes writes again. */
  async ready(): Promise<void> {
    if (this.current === null) await this.begin();
  }

  /** Closes the current file for good; the next group begins a new one. */
  async seal(): Promise<void> {
    const closing = this.leave();
    await closing?.file.close();
  }

  /** The newest file and how much of it is promised; what a clean stop writes down. */
  promise(): PromisedLength | null {
    return this.current === null ? this.predecessor : promiseOf(this.current.segment);
  }

  private async begin(): Promise<NonNullable<SegmentWriter['current']>> {
    const { files, folder, epoch } = this.options;
    const number = ++this.lastNumber; // Never tried twice: a leftover of a failed try may still have the name.
    const path = join(folder, segmentFileName({ epoch, segment: number }));
    const header = { epoch, segment: number, firstSequence: this.nextSequence, predecessor: this.predecessor };
    const file = await files.create(path);
    try {
      // The header is durable before any record, so a bad header on a longer file is always damage, never a torn start.
      await file.write(encodeHeader(header), 0);
      await files.syncFolder(folder);
    } catch (error) {
      await bestEffort(() => file.close());
      await bestEffort(() => files.remove(path));
      throw error;
    }
    const segment: WrittenSegment = {
      ...header,
      path,
      durableBytes: SEGMENT_HEADER_BYTES,
      nextSequence: header.firstSequence,
      sealed: false,
    };
    this.options.onSegment(segment);
    this.current = { file, segment, seed: frameSeed(header) };
    return this.current;
  }

  private async abandon(): Promise<void> {
    const left = this.leave();
    if (left === null) return;
    await bestEffort(() => left.file.truncate(left.segment.durableBytes));
    await bestEffort(() => left.file.close());
  }

  private leave(): SegmentWriter['current'] {
    const left = this.current;
    if (left === null) return null;
    left.segment.sealed = true;
    this.predecessor = promiseOf(left.segment);
    this.current = null;
    return left;
  }
}

function promiseOf({ epoch, segment, durableBytes }: WrittenSegment): PromisedLength {
  return { epoch, segment, bytes: durableBytes };
}

// For tidying after an error that is already being reported; correctness never depends on it (see the file's head).
async function bestEffort(step: () => Promise<void>): Promise<boolean> {
  return step().then(
    () => true,
    () => false,
  );
}
