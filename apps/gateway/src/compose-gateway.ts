// Makes the gateway's parts out of the libraries and their adapters. The ports it takes are opened by whoever runs it
// (standalone, or the gateway alone), so that it does not care whether leases live in memory or in Redis.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { mintId, systemClock, type PoolId, type ReplicaId } from '@trunkline/kernel';
import {
  admit,
  LeaseKeeper,
  LineWatch,
  WaitingRoom,
  type BudgetStore,
  type Lease,
  type LeaseKeeperEvent,
  type LeaseStore,
  type LeaseTerms,
  type SpendRecords,
} from '@trunkline/admission';
import { PoolPlans } from '@trunkline/admission/adapters/policy';
import type { UsageJournal } from '@trunkline/metering';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import { PoolHealth } from '@trunkline/providers';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { RelayLimits } from '@trunkline/realtime';
import { Dialler, IntervalTicker, randomMaskKeys, WireFactory } from '@trunkline/realtime/adapters/net';
import type { PriceBooks } from '@trunkline/rating';
import type { ClientSecretStore, Pool, SnapshotHolder } from '@trunkline/tenancy';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { GatewayMetrics } from './gateway-metrics.js';
import type { CallDeadlines, GatewayParts, UpstreamAccount } from './gateway-parts.js';
import { Credentials } from './credentials.js';
import { Door, type DrainTimes } from './door.js';
import { IdleLines } from './idle-lines.js';
import { LiveSessions } from './live-session.js';
import { openGates, type HookTerms } from './gate/open-gates.js';
import { UnopenedSessions } from './gate/unopened-sessions.js';
import { openBudgets } from './open-budgets.js';
import { openTokens } from './open-tokens.js';
import { openRefusedCalls } from './open-refused-calls.js';
import { SessionBills } from './session-bill.js';
import { Stragglers } from './stragglers.js';

/** What the gateway is composed of and how it should behave. */
export interface GatewayOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly policy: SnapshotHolder;
  /** HMAC of a key under the installation's pepper. */
  readonly hashKey: (key: string) => string;
  readonly secrets: ClientSecretStore;
  readonly hashEndUser: EndUserHasher;
  readonly contentSeal: KeyWrap;
  readonly leases: LeaseStore;
  readonly leaseTerms: LeaseTerms;
  /** What happens to live sessions whose lines could not be renewed in time. */
  readonly whenCutOff: 'keep' | 'end';
  readonly budgetStore: BudgetStore;
  readonly spendRecords: SpendRecords;
  readonly journal: UsageJournal;
  readonly prices: () => PriceBooks;
  readonly account: (pool: Pool) => UpstreamAccount | null;
  /** How hooks of moderation policies reach the world. */
  readonly hooks: HookTerms;
  readonly relayLimits: RelayLimits;
  readonly deadlines: CallDeadlines;
  readonly drain: DrainTimes;
  readonly shutdown: Shutdown;
}

/** The parts, and the way out. */
export interface ComposedGateway {
  readonly parts: GatewayParts;
  /** Lets nobody in any more and resolves when the last session is settled. Register it last: it must run first. */
  readonly drain: () => Promise<void>;
  readonly draining: () => boolean;
  /** The lines, to look at. */
  readonly lines: Pick<LeaseStore, 'view' | 'page'>;
}

const LEASES_MAX = 20_000;
const RELEASE_MS_MAX = 5_000;

/** Composes the gateway and starts its background work; everything it starts is registered with `shutdown`. */
export function composeGateway(options: GatewayOptions): ComposedGateway {
  const { log, journal, policy, shutdown } = options;
  const clock = systemClock;
  const replicaId: ReplicaId = mintId('rep', clock.nowMs(), randomBytes);
  const wires = new WireFactory();
  const live = new LiveSessions();
  const metrics = new GatewayMetrics(options.metrics, live);
  const idle = openIdleLines(options, live);
  const door = new Door({ policy, journal, live, idle, drainingGauge: options.metrics.gauge('draining') });
  shutdown.register('door', RELEASE_MS_MAX, () => door.close());
  const stragglers = openStragglers(options);
  const keeper = openKeeper(options);
  const room = openWaitingRoom(options, replicaId);
  const unopened = new UnopenedSessions();
  const parts: GatewayParts = {
    replicaId,
    clock,
    log,
    mintSessionId: () => mintId('ses', clock.nowMs(), randomBytes),
    policy: () => policy.current(),
    credentials: new Credentials({ ...options, clock, tokens: openTokens(options), policy: () => policy.current() }),
    secrets: options.secrets,
    hashKey: options.hashKey,
    closedToNewSessions: () => door.closedBecause(),
    plans: new PoolPlans(),
    health: new PoolHealth(),
    random: Math.random,
    admit: (request) => admit({ ...request, replicaId }, { store: options.leases, room, randomBytes }),
    pausePool: (pool, forMs, family) => quietly(options, pool, options.leases.pause(pool, forMs, family)),
    usedTokens: (use) => quietly(options, use.poolId, options.leases.used(use)),
    watchLine: () => new LineWatch({ clock, wait: pause }),
    confirmLease: (lease, onLost) => keeper.confirm(lease, onLost),
    lineEnds: (lease) => keeper.ending(lease).catch((error: unknown) => endingUnsaid(log, lease, error)),
    releaseLease: (lease, keepMs = 0) => releaseQuietly(keeper, { lease, keepMs }, log),
    account: options.account,
    deadlines: options.deadlines,
    journal,
    stragglers,
    refusedCalls: openRefusedCalls(options, { replicaId, metrics }),
    prices: options.prices,
    wires,
    dialler: new Dialler(wires),
    relayLimits: options.relayLimits,
    ticker: openTicker(shutdown),
    probe: metrics.probe,
    maskKey: randomMaskKeys(),
    live,
    bills: new SessionBills(),
    budgets: openBudgets(options),
    gates: openGates({ ...options, replicaId, clock, live, unopened, stragglers, metrics }),
    unopened,
    hashEndUser: options.hashEndUser,
    contentSeal: options.contentSeal,
    metrics,
  };
  const drain = async (): Promise<void> => {
    // Nobody who stands in line could have a session of this process any more.
    const emptied = room.close();
    await door.drain(options.drain);
    await emptied;
  };
  return { parts, drain, draining: () => door.draining, lines: options.leases };
}

function openIdleLines({ leases, policy, log }: GatewayOptions, live: LiveSessions): IdleLines {
  return new IdleLines({
    live,
    nowMs: () => systemClock.monotonicMs(),
    idleMsMax: ({ tenantId }) => policy.current().tenants.get(tenantId)?.limits.idleReclaimMs ?? null,
    isWanted: (session) => leases.mayReclaim(session.lease),
    failed: (error) => log.warn({ event: 'reclaim_failed', err: error }, 'idle lines could not be asked for'),
  });
}

function openTicker(shutdown: Shutdown): IntervalTicker {
  const ticker = new IntervalTicker();
  shutdown.register('ticker', RELEASE_MS_MAX, () => ticker.stop());
  return ticker;
}

function openStragglers({ log, metrics, journal, shutdown }: GatewayOptions): Stragglers {
  const stragglers = new Stragglers(journal, (record, why) => {
    metrics.counter('usageLost').add(1);
    log.error({ event: 'usage_lost', name: record.kind, err: why }, 'a usage record could not be kept');
  });
  metrics.onScrape(() => metrics.gauge('usageUnjournalled').set(stragglers.size));
  shutdown.register('stragglers', RELEASE_MS_MAX, () => stragglers.close());
  return stragglers;
}

function openKeeper(options: GatewayOptions): LeaseKeeper {
  const { log, metrics, shutdown } = options;
  const observe = (event: LeaseKeeperEvent) => {
    if (event.kind === 'renewed') {
      metrics.counter('leaseRenew', { result: 'ok' }).add(1);
      metrics.counter('leaseLost').add(event.lost);
      return;
    }
    if (event.kind === 'renewal_failed') metrics.counter('leaseRenew', { result: 'failed' }).add(1);
    log.warn({ event: event.kind, ...('error' in event ? { err: event.error } : {}) }, 'leases could not be renewed');
  };
  const keeper = new LeaseKeeper({
    store: options.leases,
    terms: options.leaseTerms,
    clock: systemClock,
    random: Math.random,
    wait: pause,
    observe,
    whenUnreachable: options.whenCutOff,
    heldMax: LEASES_MAX,
  });
  metrics.onScrape(() => metrics.gauge('linesHeld').set(keeper.size));
  const stop = new AbortController();
  const running = keeper.run(stop.signal);
  shutdown.register('lease keeper', RELEASE_MS_MAX, async () => {
    stop.abort();
    await running;
  });
  return keeper;
}

function openWaitingRoom(
  { leases, log, metrics, policy, shutdown }: GatewayOptions,
  replicaId: ReplicaId,
): WaitingRoom {
  const room = new WaitingRoom({
    store: leases,
    replicaId,
    clock: systemClock,
    wait: pause,
    observe: (error) => log.warn({ event: 'waiting_failed', err: error }, 'calls in line could not be asked for'),
  });
  metrics.onScrape(() => metrics.gauge('waiting').set(room.size));
  const stop = new AbortController();
  const running = room.run(stop.signal);
  // Whoever may not wait any more hears it now, and a cap that was raised lets the first in.
  const unwatch = policy.subscribe(() => void room.tick());
  shutdown.register('waiting room', RELEASE_MS_MAX, async () => {
    unwatch();
    stop.abort();
    await running;
  });
  return room;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

function quietly({ log }: GatewayOptions, pool: PoolId, told: Promise<void>): void {
  told.catch((error: unknown) => {
    log.warn({ event: 'pause_failed', pool_id: pool, err: error }, 'a pool could not be paused');
  });
}

async function releaseQuietly(
  keeper: LeaseKeeper,
  { lease, keepMs }: { readonly lease: Lease; readonly keepMs: number },
  log: Log,
): Promise<boolean> {
  try {
    await keeper.release(lease, keepMs);
    return true;
  } catch (error) {
    log.warn({ event: 'release_failed', session_id: lease.sessionId, err: error }, 'a line will lapse by itself');
    return false;
  }
}

function endingUnsaid(log: Log, lease: Lease, error: unknown): void {
  const fields = { event: 'ending_failed', session_id: lease.sessionId, err: error };
  log.warn(fields, 'a caller that comes back before its line is free may be refused');
}
