// For the person who deals with a quarantined segment: every record in it that is still readable, and what is not. The
// records may go to the store as they are; those it has already change nothing.
import { basename } from 'node:path';
import { readJournalRecord, type JournalBatch } from '@trunkline/metering';
import { nodeFiles, readFileBytes, type SpoolFiles } from './files.js';
import { frameSeed, parseSegmentFileName, payloadText, SEGMENT_HEADER_BYTES } from './segment-format.js';
import { surveyDamage, type DamagedRange } from './segment-scan.js';

/** What is left of a segment. */
export interface Salvage {
  /** Ready for `JournalStore.commit`; null when no record is readable. */
  readonly batch: JournalBatch | null;
  readonly ranges: readonly DamagedRange[];
}

/**
 * Reads a segment file, usually one that was quarantined. Changes nothing.
 * @param spoolId names the store's watermark that the batch may move; use one of its own, e.g. `salvage`.
 * @throws RangeError when the file's name is not a segment's.
 */
export async function salvageSegment(path: string, spoolId: string, files: SpoolFiles = nodeFiles): Promise<Salvage> {
  const identity = parseSegmentFileName(basename(path).replace(/\.quarantined$/, ''));
  if (identity === null)
    throw new RangeError(`${basename(path)} is not the name of a spool segment: they end in .seg or .seg.quarantined`);
  const bytes = await readFileBytes(files, path);
  const from = { seed: frameSeed(identity), offset: SEGMENT_HEADER_BYTES, sequence: 1, end: bytes.length };
  const first = surveyDamage(bytes, from).found[0];
  if (first === undefined) return { batch: null, ranges: surveyDamage(bytes, from).ranges };
  // Segments but the first of a run begin at a higher sequence; nothing before it is missing.
  const { found, ranges } = surveyDamage(bytes, { ...from, sequence: first.sequence });
  const batch = {
    ...identity,
    spoolId,
    fromSequence: first.sequence,
    toSequence: found.at(-1)?.sequence ?? first.sequence,
    records: found.map((frame) => readJournalRecord(payloadText(bytes, frame))),
  };
  return { batch, ranges };
}
