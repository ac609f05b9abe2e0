// Reads a spool as a drain would, for tests that look at what is in it.
import type { JournalBatch, JournalRecord } from '@trunkline/metering';

interface Readable {
  read(limits: { recordsMax: number; bytesMax: number }): Promise<JournalBatch | null>;
  confirm(batch: JournalBatch): Promise<void>;
}

/** Takes everything that is durable now and returns it in order. */
export async function takeAll(spool: Readable, limits = { recordsMax: 7, bytesMax: 4_096 }): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for (let batch = await spool.read(limits); batch !== null; batch = await spool.read(limits)) {
    records.push(...batch.records);
    await spool.confirm(batch);
  }
  return records;
}
