// Where lines and budgets are counted: in this process, or in Redis when several processes share them.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@trunkline/kernel';
import {
  leaseTerms,
  LeaseStoreUnavailable,
  StaticShare,
  type BudgetStore,
  type LeaseStore,
  type LeaseTerms,
} from '@trunkline/admission';
import { MemoryBudgetStore, MemoryLeaseStore } from '@trunkline/admission/adapters/memory';
import {
  connectGrants,
  connectLeaseRedis,
  Grants,
  RedisBudgetStore,
  RedisLeaseStore,
} from '@trunkline/admission/adapters/redis';
import { ConfigRefused } from '@trunkline/platform/config';
import type { Database } from '@trunkline/platform/database';
import type { ProcessBase } from '@trunkline/platform/process';
import { assertTimesFit, termsOfOneProcess } from './lease-times.js';

const STOP_MS_MAX = 2_000;
const OPEN_TRIES = 10;
const OPEN_PAUSE_MS = 500;

/** What a process counts with. */
export interface Counters {
  readonly leases: LeaseStore;
  readonly leaseTerms: LeaseTerms;
  readonly budgetStore: BudgetStore;
}

/** Opens the stores. @throws LeaseRedisUnreachable, ConfigRefused and RangeError for times that do not fit together. */
export async function openLeases(
  { config, log, shutdown }: ProcessBase,
  { db, dialMsMax }: { readonly db: Database; readonly dialMsMax: number },
): Promise<Counters> {
  const terms = termsOf(config);
  const lends = config.redis !== null && config.redisAway === 'static-share';
  assertTimesFit(terms, { dialMsMax, lends });
  if (config.redis === null) {
    const own = termsOfOneProcess(terms);
    return {
      leases: new MemoryLeaseStore(systemClock, own),
      leaseTerms: own,
      budgetStore: new MemoryBudgetStore(systemClock),
    };
  }
  const redis = await connectLeaseRedis({
    address: config.redis,
    onError: (error) => log.warn({ event: 'redis_error', err: error }, 'Redis is not reachable'),
  });
  const subscriber = connectGrants({
    address: config.redis,
    onError: (error) => log.debug({ event: 'redis_error', err: error }, 'Redis is not reachable'),
  });
  shutdown.register('redis', STOP_MS_MAX, () => {
    subscriber.disconnect();
    redis.disconnect();
  });
  const shared = new RedisLeaseStore(redis, { terms, grants: new Grants(subscriber) });
  const leases = lends ? new StaticShare(shared, terms, systemClock) : shared;
  // A Redis that knows nothing waits for living sessions to be counted, unless the books say that there are none.
  const noSessionIsOpen = (await db.session.count({ where: { closedAt: null } })) === 0;
  const closedMs = await patiently(() => shared.open(noSessionIsOpen));
  if (closedMs > 0)
    log.warn({ event: 'leases_recovering', ms: closedMs }, 'new sessions wait until open ones are counted');
  return { leases, leaseTerms: terms, budgetStore: new RedisBudgetStore(redis) };
}

function termsOf({ leaseTtlMs, leasePendingTtlMs }: ProcessBase['config']): LeaseTerms {
  try {
    return leaseTerms({
      ...(leaseTtlMs === undefined ? {} : { confirmedMs: leaseTtlMs }),
      ...(leasePendingTtlMs === undefined ? {} : { pendingMs: leasePendingTtlMs }),
    });
  } catch (error) {
    if (!(error instanceof RangeError) || leaseTtlMs === undefined) throw error;
    throw new ConfigRefused([`--lease-ttl: ${leaseTtlMs} ms is too short, 4s holds: ${error.message}`]);
  }
}

// A Redis that is busy with many replicas coming back at once may miss one deadline; a start should not fail for that.
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LeaseStoreUnavailable) || tries === OPEN_TRIES) throw error;
      await delay(OPEN_PAUSE_MS);
    }
  }
}
