// Where a record goes that the store will never take: a file of JSON lines beside the segments, synced before the drain
// goes on. It is kept until a person has dealt with it; the spool never reads or deletes it.
import { basename, join } from 'node:path';
import { writeJournalRecord, type JournalBatch } from '@trunkline/metering';
import type { SpoolSettings } from './spool-options.js';

const FILE_NAME = 'set-aside.jsonl';

/** Adds the batch's records to the file and reports each. Rejects with the disk's error; the caller then tries again. */
export async function setRecordAside(settings: SpoolSettings, batch: JournalBatch, reason: string): Promise<void> {
  const { files, folder, onIncident } = settings;
  const path = join(folder, FILE_NAME);
  const file = await files.openForAppend(path);
  try {
    const lines = batch.records.map((record) => `${writeJournalRecord(record)}\n`);
    await file.write(Buffer.from(lines.join('')), await file.size());
  } finally {
    await file.close();
  }
  await files.syncFolder(folder);
  batch.records.forEach(({ kind }, index) =>
    onIncident({
      kind: 'set_aside',
      file: basename(path),
      sequence: batch.fromSequence + index,
      recordKind: kind,
      reason,
    }),
  );
}
