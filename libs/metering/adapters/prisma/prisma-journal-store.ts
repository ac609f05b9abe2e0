// The journal table in PostgreSQL. A batch is one statement, so it is stored whole or not at all without a transaction's
// round trips, and its rows travel as JSON text: a tenth of the client's work for arrays of parameters or row by row.
// The statement may run again: what is there stays as it is.
import { JournalBatchRefused, type JournalBatch, type JournalStore } from '@trunkline/metering';
import { sqlStateOf, type Database } from '@trunkline/platform/database';
import { insertEvents } from './event-rows.js';
import { insertFindings } from './moderation-rows.js';
import { insertRefused } from './refused-rows.js';
import { deleteOwed, owedChanges, upsertOwed } from './owed-rows.js';
import { sessionRows, upsertSessions } from './session-rows.js';

/** SQLSTATE classes that the same batch would meet again: bad data (22), broken constraint (23). */
const HOPELESS = /^2[23]/;

export class PrismaJournalStore implements JournalStore {
  constructor(private readonly db: Database) {}

  async commit(batch: JournalBatch): Promise<void> {
    try {
      await this.store(batch);
    } catch (error) {
      const state = sqlStateOf(error);
      if (state === null || !HOPELESS.test(state)) throw error;
      throw new JournalBatchRefused(`the database refused the data (SQLSTATE ${state})`, { cause: error });
    }
  }

  private async store({ spoolId, epoch, segment, toSequence, records }: JournalBatch): Promise<void> {
    const events = records.flatMap((record) => (record.kind === 'usage' ? [record.event] : []));
    const owed = owedChanges(records);
    const findings = records.flatMap((record) => (record.kind === 'moderation' ? [record.finding] : []));
    const refused = records.flatMap((record) => (record.kind === 'calls_refused' ? [record.refused] : []));
    await this.db.$executeRaw`
      WITH new_event AS (${insertEvents(events)}),
           new_session AS (${upsertSessions(sessionRows(records))}),
           new_owed AS (${upsertOwed(owed.rows)}),
           not_owed AS (${deleteOwed(owed)})
           ${insertFindings(findings)}
           ${insertRefused(refused)}
      INSERT INTO spool_watermark AS old (spool_id, epoch, segment, sequence)
      VALUES (${spoolId}, ${BigInt(epoch)}, ${BigInt(segment)}, ${BigInt(toSequence)})
      ON CONFLICT (spool_id, epoch) DO UPDATE SET
        segment = EXCLUDED.segment, sequence = EXCLUDED.sequence, updated_at = now()
      WHERE old.sequence < EXCLUDED.sequence`;
  }
}
