// What hooks of tenants' policies are made with in a gateway: connections that go only where they may, and
// secrets opened for the tenant that they were sealed for.
import { randomUUID } from 'node:crypto';
import type { Clock, TenantId } from '@trunkline/kernel';
import type { HookParts } from '@trunkline/moderation/adapters/rules';
import type { Log } from '@trunkline/platform/logging';
import { GuardedPoster, type OutboundException } from '@trunkline/platform/outbound';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { SnapshotHolder } from '@trunkline/tenancy';
import { GatePolicies } from './gate-policies.js';

/** How tenants' hooks reach the world. */
export interface HookTerms {
  /** Opens what was sealed for an owner; null when it was not. */
  readonly openSecret: (sealed: string, owner: string) => string | null;
  /** Addresses inside that webhooks may ask. */
  readonly webhookExceptions: readonly OutboundException[];
}

/** What gates are opened with. */
export interface GatesNeeds {
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: SnapshotHolder;
  readonly hooks: HookTerms;
  readonly shutdown: Shutdown;
}

const CLOSE_MS_MAX = 1_000;

/** The gates of a gateway. */
export function openGates(needs: GatesNeeds): GatePolicies {
  const { clock, log, policy, hooks, shutdown } = needs;
  const guarded = new GuardedPoster({ exceptions: hooks.webhookExceptions });
  shutdown.register('hooks', CLOSE_MS_MAX, () => {
    guarded.close();
    return Promise.resolve();
  });
  const partsOf = (tenantId: TenantId): HookParts => ({
    openSecret: (sealed) => hooks.openSecret(sealed, tenantId),
    poster: guarded,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    mintId: randomUUID,
  });
  return new GatePolicies(() => policy.current(), log, partsOf);
}
