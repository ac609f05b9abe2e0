// Erases kept content that is older than its policy keeps it: once at the start and every minute. Any number of workers may.
import type { Clock } from '@trunkline/kernel';
import { sweepContent } from '@trunkline/moderation/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

const SWEEP_MS = 60_000;
const STOP_MS_MAX = 5_000;

/** What the sweep works with. */
export interface ContentSweepParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
}

/** Sweeps until shutdown. */
export function startContentSweep({ db, log, clock }: ContentSweepParts, shutdown: Shutdown): void {
  let sweeping: Promise<void> | null = null;
  const stopping = new AbortController();
  const sweep = async (): Promise<void> => {
    try {
      const atMs = clock.nowMs();
      const sweep = { asOfMs: atMs, atMs, actor: 'retention', stopping: stopping.signal };
      for (const { tenantId, pieces, keys } of await sweepContent(db, sweep)) {
        const fields = { event: 'content_erased', tenant_id: tenantId, count: pieces, detail: `${keys} keys` };
        log.info(fields, 'kept content whose time was over is erased');
      }
    } catch (error) {
      log.warn({ event: 'content_sweep_failed', err: error }, 'kept content could not be erased yet');
    }
  };
  const begin = (): void => void (sweeping ??= sweep().finally(() => (sweeping = null)));
  begin();
  const timer = setInterval(begin, SWEEP_MS).unref();
  shutdown.register('content sweep', STOP_MS_MAX, async () => {
    clearInterval(timer);
    stopping.abort();
    await sweeping;
  });
}
