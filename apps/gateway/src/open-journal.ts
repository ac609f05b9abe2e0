// The gateway's journal: the local spool that usage is made durable in, and the drain that carries it to the database.
import type { JournalStore } from '@trunkline/metering';
import { Drain, openSpool, type Spool } from '@trunkline/metering/adapters/spool';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** What the journal is opened with. */
export interface JournalOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly store: JournalStore;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
}

const DRAIN_MS_MAX = 10_000;
const CLOSE_MS_MAX = 5_000;
// Every failed try would be a line a second while the database is away; the first and then every minute's worth is enough.
const FAILURES_PER_LINE = 30;

/** An open journal. */
export interface OpenJournal {
  readonly spool: Spool;
  /** Whether the database has all that was there when it was opened. */
  readonly leftoversDrained: () => boolean;
}

/** Opens the spool and starts draining it. @throws SpoolFolderError */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const { log, metrics, shutdown } = options;
  const fsync = metrics.histogram('journalFsync');
  const spool = await openSpool({
    folder: options.folder,
    bytesMax: options.bytesMax,
    onIncident: (incident) => {
      const fields = { event: 'journal_incident', name: incident.kind, detail: JSON.stringify(incident) };
      if (incident.kind === 'torn_tail' || incident.kind === 'disk_recovered')
        log.info(fields, 'the journal was mended');
      else if (incident.kind === 'damaged')
        log.error(fields, 'a file of the journal is damaged: `spool salvage` stores what it still holds');
      else log.error(fields, 'the journal needs a look');
    },
    probe: { synced: (seconds) => fsync.observe(seconds), appended: () => undefined },
  });
  const drain = new Drain(spool, options.store, {
    onFailure: (error, failures) => {
      if (failures % FAILURES_PER_LINE === 1)
        log.warn({ event: 'drain_failed', count: failures, err: error }, 'the journal cannot reach the database');
    },
  });
  drain.start();
  let leftoversDrained = false;
  void drain.idle().then(() => (leftoversDrained = true));
  metrics.onScrape(() => {
    metrics.gauge('journalBytes').set(spool.stats().bytes);
    metrics.gauge('journalLag').set(drain.stats().lagMs / 1000);
  });
  shutdown.register('journal', CLOSE_MS_MAX, () => spool.close());
  shutdown.register('journal drain', DRAIN_MS_MAX + 1_000, async () => {
    if (!(await drain.stop(DRAIN_MS_MAX)))
      log.warn({ event: 'drain_incomplete' }, 'the rest of the journal is drained at the next start');
  });
  return { spool, leftoversDrained: () => leftoversDrained };
}
