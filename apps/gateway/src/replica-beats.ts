// Shows every few seconds, in the database, that this gateway lives, so that a worker can tell the sessions of a gateway that
// is gone from those that go on. Nobody waits for it: while the database is away it is tried again and again.
import type { GatewayReplica } from '@trunkline/metering/adapters/prisma';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

/** What beats. */
export interface ReplicaBeatsParts {
  readonly replica: () => GatewayReplica;
  readonly beat: (replica: GatewayReplica) => Promise<void>;
  readonly log: Log;
  readonly shutdown: Shutdown;
}

// A worker waits for two minutes of silence: a handful of lost beats must not look like a death.
const BEAT_MS = 5_000;
const STOP_MS_MAX = 1_000;

/** Starts to beat, until shutdown. Resolves after the first try, so that no session opens unseen. */
export async function startBeating({ replica, beat, log, shutdown }: ReplicaBeatsParts): Promise<void> {
  let beating: Promise<void> | null = null;
  let failures = 0;
  const beatOnce = async (): Promise<void> => {
    try {
      await beat(replica());
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1) log.warn({ event: 'beat_failed', err: error }, 'the gateway cannot show that it lives');
    }
  };
  const next = (): Promise<void> => (beating ??= beatOnce().finally(() => (beating = null)));
  const timer = setInterval(() => void next(), BEAT_MS).unref();
  shutdown.register('beats', STOP_MS_MAX, () => Promise.resolve(clearInterval(timer)));
  await next();
}
