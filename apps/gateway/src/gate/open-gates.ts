// What hooks of tenants' policies are made with in a gateway: connections that go only where they may, the vendor's
// moderation by the pools' accounts, and secrets opened for the tenant that they were sealed for.
import { randomUUID } from 'node:crypto';
import { ZERO, type Clock, type PoolId, type ReplicaId, type TenantId } from '@trunkline/kernel';
import type { HookParts } from '@trunkline/moderation/adapters/rules';
import type { UsageJournal } from '@trunkline/metering';
import type { Log } from '@trunkline/platform/logging';
import { GuardedPoster, TrustedPoster, type OutboundException } from '@trunkline/platform/outbound';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { PriceBooks } from '@trunkline/rating';
import type { Pool, SnapshotHolder } from '@trunkline/tenancy';
import type { UpstreamAccount } from '../gateway-parts.js';
import type { GatewayMetrics } from '../gateway-metrics.js';
import type { LiveSession, LiveSessions } from '../live-session.js';
import type { Stragglers } from '../stragglers.js';
import { GatePolicies } from './gate-policies.js';
import type { UnopenedSessions, UsingSession } from './unopened-sessions.js';
import { VendorClassifier } from './vendor-classifier.js';

/** How tenants' hooks reach the world. */
export interface HookTerms {
  /** Opens what was sealed for an owner; null when it was not. */
  readonly openSecret: (sealed: string, owner: string) => string | null;
  /** Addresses inside that webhooks may ask. */
  readonly webhookExceptions: readonly OutboundException[];
}

/** What gates are opened with. */
export interface GatesNeeds {
  readonly replicaId: ReplicaId;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: SnapshotHolder;
  readonly live: LiveSessions;
  readonly unopened: UnopenedSessions;
  readonly account: (pool: Pool) => UpstreamAccount | null;
  readonly journal: UsageJournal;
  readonly prices: () => PriceBooks;
  readonly metrics: Pick<GatewayMetrics, 'metered'>;
  readonly stragglers: Stragglers;
  readonly hooks: HookTerms;
  readonly shutdown: Shutdown;
}

/** A session that is open, or one that is not yet. */
type Asking = UsingSession & Partial<Pick<LiveSession, 'bill' | 'budget'>>;

const CLOSE_MS_MAX = 1_000;

/** The gates of a gateway. */
export function openGates(needs: GatesNeeds): GatePolicies {
  const { clock, log, policy, hooks, shutdown, stragglers } = needs;
  const guarded = new GuardedPoster({ exceptions: hooks.webhookExceptions });
  const trusted = new TrustedPoster();
  shutdown.register('hooks', CLOSE_MS_MAX, () => {
    guarded.close();
    trusted.close();
    return Promise.resolve();
  });
  // A tenant's first policy takes hold of the sessions that are open; a gate that is there follows every other by itself.
  const unwatch = policy.subscribe(() => {
    for (const session of needs.live.all()) session.gating.policyChanged();
  });
  shutdown.register('policies of gates', CLOSE_MS_MAX, () => Promise.resolve(unwatch()));
  const classifier = new VendorClassifier<Asking>({
    ...needs,
    sessionOf: (id) => needs.live.get(id) ?? needs.unopened.get(id),
    accounts: (own) => accountsOf(needs, own),
    poster: trusted,
    nowMs: () => clock.nowMs(),
    metered: (session, event) => {
      // What is asked before there is a session is in the books, and in no session's bill.
      const cost = session.bill?.add(event, needs.prices()) ?? null;
      needs.metrics.metered(event, cost);
      // What costs nothing is no try of a tenant without budget.
      if (cost !== null && cost > ZERO) session.budget?.metered(event, cost);
    },
    unmetered: (record) => stragglers.keep(record),
  });
  const partsOf = (tenantId: TenantId): HookParts => ({
    openSecret: (sealed) => hooks.openSecret(sealed, tenantId),
    poster: guarded,
    classifier,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    mintId: randomUUID,
  });
  return new GatePolicies(() => policy.current(), log, partsOf);
}

function* accountsOf({ policy, account }: GatesNeeds, own: PoolId) {
  const { pools } = policy.current();
  const first = pools.get(own);
  for (const pool of [...(first === undefined ? [] : [first]), ...pools.values()]) {
    const its = account(pool);
    if (its !== null) yield { poolId: pool.id, account: its };
  }
}
