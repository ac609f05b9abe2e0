// The verifier of companies' tokens, and the refresh of their issuers' keys behind it.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@trunkline/kernel';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { SnapshotHolder } from '@trunkline/tenancy';
import { fetchJwks, IssuerKeys, TokenVerifier } from '@trunkline/tenancy/adapters/jose';

const LOOK_MS = 1_000;
const STOP_MS_MAX = 5_000;

/** What it works with. */
export interface TokenOptions {
  readonly policy: SnapshotHolder;
  readonly log: Log;
  readonly shutdown: Shutdown;
}

/** Opens the verifier; keys are fetched from now on. A token whose issuer's keys are not there yet is refused for a moment. */
export function openTokens({ policy, log, shutdown }: TokenOptions): TokenVerifier {
  const keys = new IssuerKeys({
    issuers: () => policy.current().jwt.issuers,
    fetch: fetchJwks,
    clock: systemClock,
    failed: (issuer, error) =>
      log.warn({ event: 'jwks_unavailable', name: issuer, err: error }, 'keys of an issuer could not be fetched'),
  });
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await keys.refresh(stop.signal);
      await delay(LOOK_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  };
  const running = run();
  shutdown.register('issuer keys', STOP_MS_MAX, async () => {
    stop.abort();
    await running;
  });
  return new TokenVerifier({ keys, clock: systemClock });
}
