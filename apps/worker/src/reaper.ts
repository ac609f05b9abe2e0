// Closes the books of gateways that are gone: killed, or their machine lost. One is gone when another process has taken over
// its spool and stored all that was in it, or when it has been silent for as long as this worker watched it, two minutes at
// least. Should a silent gateway live after all (it had lost the database, not its calls), what it journals later replaces
// what is concluded here. Several workers may do this at once.
import {
  busyReplicas,
  closeLost,
  forgetReplicas,
  type BusyReplica,
  type ClosedBooks,
} from '@trunkline/metering/adapters/prisma';
import { ReplicaWatch } from '@trunkline/metering';
import { isDatabaseUnavailable, type Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** What the reaper works with. */
export interface ReaperParts {
  readonly db: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  /** By a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** How long a gateway must be silent, in milliseconds. Default two minutes: 24 beats, or a database failing over. */
  readonly silenceMs?: number;
  /** Milliseconds between looks. Default 5,000. */
  readonly everyMs?: number;
}

const SILENCE_MS = 120_000;
const LOOK_MS = 5_000;
const FORGET_EVERY_MS = 3_600_000;
const STOP_MS_MAX = 5_000;
// A gateway of a release that does not beat; no session of the vendor's lasts longer than one hour.
const NEVER_BEAT_QUIET_MS = 3 * 3_600_000;

/** The looks of one worker. */
export class Reaper {
  private readonly watch: ReplicaWatch;
  private passing: Promise<void> | null = null;
  private forgotAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: ReaperParts) {
    const { silenceMs = SILENCE_MS, everyMs = LOOK_MS } = parts;
    this.watch = new ReplicaWatch({ silenceMsMax: silenceMs, gapMsMax: 4 * everyMs });
  }

  /** One look; one at a time. Never rejects: what failed is found again. */
  pass(): Promise<void> {
    this.passing ??= this.look()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.passing = null));
    return this.passing;
  }

  private async look(): Promise<void> {
    const { db, monotonicMs } = this.parts;
    const busy = await busyReplicas(db);
    const beating = busy.flatMap(({ replicaId, beats }) => (beats === null ? [] : [{ replicaId, beats }]));
    const silent = this.watch.look(beating, monotonicMs());
    for (const replica of busy) {
      if (replica.isTakenOver) await this.close({ ...replica, beats: null });
      else if (silent.has(replica.replicaId)) await this.close(replica);
      else if (replica.beats === null && replica.quietMs > NEVER_BEAT_QUIET_MS) await this.close(replica);
    }
    if (monotonicMs() - this.forgotAtMs < FORGET_EVERY_MS) return;
    this.forgotAtMs = monotonicMs();
    await forgetReplicas(db);
  }

  private async close({ replicaId, beats }: Pick<BusyReplica, 'replicaId' | 'beats'>): Promise<void> {
    let closed: ClosedBooks;
    do {
      closed = await closeLost(this.parts.db, { replicaId, beats });
      this.report(closed);
    } while (closed.more);
  }

  private report({ sessions, estimates }: ClosedBooks): void {
    const { log, metrics } = this.parts;
    metrics.counter('sessionEnd', { cause: 'gateway_lost' }).add(sessions);
    for (const { estimate } of estimates)
      if (estimate !== null) metrics.counter('usageEstimated', { confidence: estimate.confidence }).add(1);
    if (sessions + estimates.length === 0) return;
    log.warn(
      { event: 'gateway_lost', count: sessions, detail: `${estimates.length} estimates` },
      'a gateway is gone: its sessions are closed and what they owed is estimated',
    );
  }

  private failed(error: unknown): void {
    const fields = { event: 'reaper_failed', err: error };
    if (isDatabaseUnavailable(error))
      this.parts.log.warn(fields, 'the database is away; lost gateways are found later');
    else this.parts.log.error(fields, 'lost gateways could not be looked for');
  }
}

/** Looks until shutdown. */
export function startReaper(parts: ReaperParts, shutdown: Shutdown): Reaper {
  const reaper = new Reaper(parts);
  const timer = setInterval(() => void reaper.pass(), parts.everyMs ?? LOOK_MS).unref();
  shutdown.register('reaper', STOP_MS_MAX, async () => {
    clearInterval(timer);
    await reaper.pass();
  });
  return reaper;
}
