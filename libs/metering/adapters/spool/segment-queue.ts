// The segments that wait to be drained, oldest first, and how far each one has got. One reader: `read` gives the next
// records without taking them, `confirm` takes them. A file is deleted only when all its records are confirmed and no
// more will come; one that turns out to be damaged gives its good part, is set apart on disk, and the next goes on.
import { basename, dirname } from 'node:path';
import { JournalRecordUnreadable, readJournalRecord, type JournalBatch, type JournalRecord } from '@trunkline/metering';
import { readFileBytes, type SpoolFiles } from './files.js';
import type { IncidentListener, SpoolIncident } from './incident.js';
import {
  FRAME_HEADER_BYTES,
  frameAt,
  frameSeed,
  payloadText,
  PAYLOAD_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
} from './segment-format.js';
import { scanSegment } from './segment-scan.js';
import type { WrittenSegment } from './segment-writer.js';

/** How much one batch may hold; at least one record is given whatever its size. */
export interface BatchLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** What the queue needs around it. */
export interface SegmentQueueOptions {
  readonly files: SpoolFiles;
  readonly spoolId: string;
  readonly onIncident: IncidentListener;
  /** Makes sure that nothing more is written to the segment (it may be the writer's current one). */
  readonly seal: (segment: WrittenSegment) => Promise<void>;
}

/** What becomes of a file that cannot be read to its end. */
export type SetApart = 'quarantine' | 'keep';

interface Waiting {
  readonly segment: WrittenSegment;
  /** Confirmed so far: the next byte and sequence to give. */
  offset: number;
  sequence: number;
  /** Where reading ends for good, when that is before the segment's own end. */
  endsAt: { readonly byte: number; readonly sequence: number; readonly then: SetApart } | null;
}

interface Chunk {
  readonly records: JournalRecord[];
  readonly end: number;
  /** What stopped the reading before limits or end did. */
  readonly obstacle: 'none' | 'bad_bytes' | JournalRecordUnreadable;
}

/** Name of a damaged file once its good part is drained. */
export function quarantinePath(path: string): string {
  return `${path}.quarantined`;
}

export class SegmentQueue {
  // Bounded by the spool's byte budget: no segment is begun above it.
  private readonly waiting: Waiting[] = [];
  private given: { readonly batch: JournalBatch; readonly from: Waiting; readonly end: number } | null = null;

  constructor(private readonly options: SegmentQueueOptions) {}

  /** Adds the newest segment; `setApart` when a scan has found that it cannot be read beyond its durable bytes. */
  add(segment: WrittenSegment, setApart: SetApart | null = null): void {
    const { durableBytes: byte, nextSequence: sequence } = segment;
    const endsAt = setApart === null ? null : { byte, sequence, then: setApart };
    this.waiting.push({ segment, offset: SEGMENT_HEADER_BYTES, sequence: segment.firstSequence, endsAt });
  }

  /** Bytes of all files in the queue. */
  bytes(): number {
    return this.waiting.reduce((sum, each) => sum + each.segment.durableBytes, 0);
  }

  /** Durable records that are not confirmed yet. */
  pending(): number {
    return this.waiting.reduce((sum, each) => sum + endOf(each).sequence - each.sequence, 0);
  }

  /** The next records, or null when there are none now. Gives the same again until they are confirmed. */
  async read(limits: BatchLimits): Promise<JournalBatch | null> {
    for (;;) {
      const head = this.waiting[0];
      if (head === undefined) return null;
      const chunk = await this.readChunk(head, limits);
      if (chunk.obstacle !== 'none') await this.endAtObstacle(head, chunk);
      if (chunk.records.length > 0) return this.give(head, chunk);
      const finished = head.segment.sealed && head.offset === endOf(head).byte;
      if (!finished) return null;
      await this.retire(head);
    }
  }

  /** Takes the batch that `read` gave: its records are stored. */
  async confirm(batch: JournalBatch): Promise<void> {
    if (this.given?.batch !== batch) throw new Error('only the batch that was read last can be confirmed');
    const { from, end } = this.given;
    this.given = null;
    from.offset = end;
    from.sequence = batch.toSequence + 1;
    if (from.segment.sealed && end === endOf(from).byte) await this.retire(from);
  }

  private give(from: Waiting, chunk: Chunk): JournalBatch {
    const { epoch, segment } = from.segment;
    const batch = {
      spoolId: this.options.spoolId,
      epoch,
      segment,
      fromSequence: from.sequence,
      toSequence: from.sequence + chunk.records.length - 1,
      records: chunk.records,
    };
    this.given = { batch, from, end: chunk.end };
    return batch;
  }

  private async readChunk(head: Waiting, limits: BatchLimits): Promise<Chunk> {
    // One largest frame more than the limit, so that a frame cut by the chunk's end can only lie behind the limit.
    const length = Math.min(endOf(head).byte - head.offset, limits.bytesMax + FRAME_HEADER_BYTES + PAYLOAD_BYTES_MAX);
    const bytes =
      length === 0
        ? Buffer.alloc(0)
        : await readFileBytes(this.options.files, head.segment.path, { offset: head.offset, length });
    const seed = frameSeed(head.segment);
    const records: JournalRecord[] = [];
    let at = 0;
    while (at < length && at < limits.bytesMax && records.length < limits.recordsMax) {
      const frame = frameAt(bytes, at, seed);
      if (frame?.sequence !== head.sequence + records.length)
        return { records, end: head.offset + at, obstacle: 'bad_bytes' };
      const record = recordOrReason(payloadText(bytes, frame));
      if (record instanceof JournalRecordUnreadable) return { records, end: head.offset + at, obstacle: record };
      records.push(record);
      at = frame.end;
    }
    return { records, end: head.offset + at, obstacle: 'none' };
  }

  private async endAtObstacle(head: Waiting, chunk: Chunk): Promise<void> {
    await this.options.seal(head.segment);
    const sequence = head.sequence + chunk.records.length;
    const incident = await this.describe(head, chunk);
    head.endsAt = { byte: chunk.end, sequence, then: chunk.obstacle === 'bad_bytes' ? 'quarantine' : 'keep' };
    this.options.onIncident(incident);
  }

  private async describe({ segment }: Waiting, { obstacle, end }: Chunk): Promise<SpoolIncident> {
    const file = basename(segment.path);
    if (obstacle instanceof JournalRecordUnreadable)
      return { kind: 'unreadable', file, fromByte: end, reason: obstacle.message };
    const { ranges, intactAfter } = scanSegment(await readFileBytes(this.options.files, segment.path), {
      seed: frameSeed(segment),
      firstSequence: segment.firstSequence,
      promisedBytes: segment.durableBytes,
    });
    return { kind: 'damaged', file, quarantinedAs: quarantinePath(file), ranges, intactAfter };
  }

  private async retire(head: Waiting): Promise<void> {
    const { files, onIncident } = this.options;
    const { path } = head.segment;
    this.waiting.splice(this.waiting.indexOf(head), 1);
    try {
      if (head.endsAt?.then === 'keep') return;
      if (head.endsAt === null) await files.remove(path);
      else await files.rename(path, quarantinePath(path));
      await files.syncFolder(dirname(path));
    } catch (error) {
      onIncident({ kind: 'leftover', file: basename(path), reason: String(error) });
    }
  }
}

function endOf({ segment, endsAt }: Waiting): { readonly byte: number; readonly sequence: number } {
  return endsAt ?? { byte: segment.durableBytes, sequence: segment.nextSequence };
}

function recordOrReason(text: string): JournalRecord | JournalRecordUnreadable {
  try {
    return readJournalRecord(text);
  } catch (error) {
    if (error instanceof JournalRecordUnreadable) return error;
    throw error;
  }
}
