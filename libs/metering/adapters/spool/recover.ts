// Reads what an earlier run left in a spool folder and says what of it is still to be drained. Cuts off a torn tail,
// refuses to skip damage, and never deletes a byte that was acknowledged.
import { basename, join } from 'node:path';
import { readFileBytes, type SpoolFiles } from './files.js';
import type { IncidentListener } from './incident.js';
import {
  decodeHeader,
  frameAt,
  frameSeed,
  parseSegmentFileName,
  SEGMENT_HEADER_BYTES,
  type PromisedLength,
  type SegmentHeader,
  type SegmentIdentity,
} from './segment-format.js';
import { quarantinePath, type SetApart } from './segment-queue.js';
import { scanSegment, type SegmentScan } from './segment-scan.js';
import type { WrittenSegment } from './segment-writer.js';

/** A segment of an earlier run. */
export interface RecoveredSegment {
  readonly segment: WrittenSegment;
  /** Set when it cannot be read beyond `durableBytes`. */
  readonly setApart: SetApart | null;
}

/** What an earlier run left. */
export interface Recovery {
  /** Oldest first. */
  readonly segments: readonly RecoveredSegment[];
  /** How much of the newest file was acknowledged, for the header of the next one; null when there is none. */
  readonly lastPromise: PromisedLength | null;
}

/** What recovery needs to know and whom it tells. */
export interface RecoveryContext {
  /** What a clean stop said of the last file; null after a crash. */
  readonly lastPromise: PromisedLength | null;
  readonly onIncident: IncidentListener;
  /** Called before each file: reading a full folder takes seconds, and the owner must show that it lives. */
  readonly onProgress: () => Promise<void>;
}

interface Found extends SegmentIdentity {
  readonly path: string;
  readonly bytes: Buffer;
  readonly header: SegmentHeader | 'damaged' | 'unknown_version';
}

interface Judged {
  readonly recovered: RecoveredSegment | null;
  readonly promise: PromisedLength | null;
}

/**
 * Recovers all segments of a folder that the caller owns.
 */
export async function recoverSegments(files: SpoolFiles, folder: string, context: RecoveryContext): Promise<Recovery> {
  const located = await listSegments(files, folder);
  const promises = await promisedLengths(files, located, context.lastPromise);
  const identities = await withoutTornStarts(files, located, { promises, onIncident: context.onIncident });
  const segments: RecoveredSegment[] = [];
  let lastPromise: PromisedLength | null = null;
  for (const [index, each] of identities.entries()) {
    await context.onProgress();
    // One file in memory at a time.
    const bytes = await readFileBytes(files, each.path);
    const found = { ...each, bytes, header: checkedHeader(bytes, each) };
    const promisedBytes = promises.get(key(each)) ?? null;
    const judged = await judge(files, found, {
      promisedBytes,
      isLast: index === identities.length - 1,
      onIncident: context.onIncident,
    });
    if (judged.recovered !== null) segments.push(judged.recovered);
    lastPromise = judged.promise;
  }
  return { segments, lastPromise };
}

interface Located extends SegmentIdentity {
  readonly path: string;
}

async function listSegments(files: SpoolFiles, folder: string): Promise<readonly Located[]> {
  const names = (await files.list(folder)).sort();
  return names.flatMap((name) => {
    const identity = parseSegmentFileName(name);
    return identity === null ? [] : [{ ...identity, path: join(folder, name) }];
  });
}

// The header is synced before the first record is written, so a file without one and with nothing behind it was being
// created when the process died, unless records of it were promised: then it was cut off, and is damage. Torn starts are
// gone first, for the file before one is then the last one.
async function withoutTornStarts(
  files: SpoolFiles,
  located: readonly Located[],
  { promises, onIncident }: { readonly promises: ReadonlyMap<string, number>; readonly onIncident: IncidentListener },
): Promise<readonly Located[]> {
  const kept: Located[] = [];
  for (const each of located) {
    const start = await readFileBytes(files, each.path, { offset: 0, length: SEGMENT_HEADER_BYTES + 1 });
    const isPromised = (promises.get(key(each)) ?? 0) > SEGMENT_HEADER_BYTES;
    if (isPromised || start.length > SEGMENT_HEADER_BYTES || decodeHeader(start) !== 'damaged') {
      kept.push(each);
      continue;
    }
    await files.remove(each.path);
    onIncident({ kind: 'torn_tail', file: basename(each.path), fromByte: 0, bytes: start.length });
  }
  return kept;
}

// Each header repeats how much of the file before it had been promised when it was written.
async function promisedLengths(
  files: SpoolFiles,
  located: readonly Located[],
  lastPromise: PromisedLength | null,
): Promise<ReadonlyMap<string, number>> {
  const promises = lastPromise === null ? [] : [lastPromise];
  for (const each of located) {
    const header = checkedHeader(
      await readFileBytes(files, each.path, { offset: 0, length: SEGMENT_HEADER_BYTES }),
      each,
    );
    if (typeof header !== 'string' && header.predecessor !== null) promises.push(header.predecessor);
  }
  return new Map(promises.map((promise) => [key(promise), promise.bytes]));
}

// A file under another one's name is as unreadable as a damaged one: its frames would not pass either.
function checkedHeader(bytes: Buffer, identity: SegmentIdentity): Found['header'] {
  const header = decodeHeader(bytes);
  return typeof header !== 'string' && key(header) !== key(identity) ? 'damaged' : header;
}

interface JudgeContext {
  readonly promisedBytes: number | null;
  readonly isLast: boolean;
  readonly onIncident: IncidentListener;
}

async function judge(files: SpoolFiles, found: Found, context: JudgeContext): Promise<Judged> {
  const { path, bytes, header } = found;
  const { promisedBytes, isLast, onIncident } = context;
  const file = basename(path);
  if (header === 'unknown_version') {
    onIncident({ kind: 'unreadable', file, fromByte: 0, reason: 'segment format of a newer version' });
    return { recovered: null, promise: { ...identityOf(found), bytes: bytes.length } };
  }
  if (header === 'damaged') return loseHeader(files, found, context);
  const { firstSequence } = header;
  const scan = scanSegment(bytes, { seed: frameSeed(header), firstSequence, promisedBytes });
  const torn = scan.rest === 'torn' && isLast;
  if (torn) onIncident({ kind: 'torn_tail', file, fromByte: scan.goodEnd, bytes: bytes.length - scan.goodEnd });
  // A killed process may not have synced its last write. What we found of it is promised from now on.
  if (isLast) await makeDurable(files, path, torn ? scan.goodEnd : bytes.length);
  const damaged = scan.rest !== 'none' && !torn;
  if (damaged) {
    const { intactAfter } = scan;
    onIncident({
      kind: 'damaged',
      file,
      quarantinedAs: quarantinePath(file),
      ranges: rangesOf(scan, bytes),
      intactAfter,
    });
  }
  return {
    recovered: {
      segment: { ...header, path, durableBytes: scan.goodEnd, nextSequence: scan.nextSequence, sealed: true },
      setApart: damaged ? 'quarantine' : null,
    },
    // A damaged file keeps its full promise: were it cut to the good part, the damage would be forgotten by a restart.
    promise: { ...identityOf(found), bytes: damaged ? (promisedBytes ?? bytes.length) : scan.goodEnd },
  };
}

// Only the last file of a crashed run may be torn; in an earlier one the same sight is damage up to the end.
function rangesOf(scan: SegmentScan, bytes: Buffer): SegmentScan['ranges'] {
  if (scan.rest === 'damaged') return scan.ranges;
  return [{ fromByte: scan.goodEnd, toByte: bytes.length, fromSequence: scan.nextSequence, toSequence: null }];
}

// Records follow a header that cannot be read: acknowledged bytes are damaged.
async function loseHeader(files: SpoolFiles, found: Found, context: JudgeContext): Promise<Judged> {
  const { path, bytes } = found;
  const { promisedBytes, onIncident } = context;
  const file = basename(path);
  const seed = frameSeed(found);
  const first = frameAt(bytes, SEGMENT_HEADER_BYTES, seed);
  const firstSequence = first?.sequence ?? 1;
  const scan = scanSegment(bytes, { seed, firstSequence, promisedBytes: promisedBytes ?? bytes.length });
  const header = { fromByte: 0, toByte: SEGMENT_HEADER_BYTES, fromSequence: null, toSequence: null };
  const intactAfter = scan.nextSequence - firstSequence + scan.intactAfter;
  await files.rename(path, quarantinePath(path));
  // Without header and first record, nothing tells with which sequence the file began.
  const [begin, ...others] = scan.ranges;
  const known = first === null && begin !== undefined ? [{ ...begin, fromSequence: null }, ...others] : scan.ranges;
  const ranges = [header, ...known];
  onIncident({ kind: 'damaged', file, quarantinedAs: quarantinePath(file), ranges, intactAfter });
  return { recovered: null, promise: null };
}

async function makeDurable(files: SpoolFiles, path: string, length: number): Promise<void> {
  const file = await files.open(path);
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
}

function identityOf({ epoch, segment }: SegmentIdentity): SegmentIdentity {
  return { epoch, segment };
}

function key({ epoch, segment }: SegmentIdentity): string {
  return `${epoch}-${segment}`;
}
