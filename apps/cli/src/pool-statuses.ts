// How pools stand, from wherever the lines are counted: Redis, or the process of the product that runs here.
import {
  leaseTerms,
  NoSuchPage,
  PoolStatusShape,
  PoolSummaryShape,
  type PageQuery,
  type PoolStatus,
} from '@trunkline/admission';
import { poolNamed, poolStatusIn } from '@trunkline/admission/adapters/policy';
import { connectLeaseRedis, RedisLeaseStore } from '@trunkline/admission/adapters/redis';
import type { RedisAddress } from '@trunkline/platform/config';
import type { Pool } from '@trunkline/tenancy';
import { PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { withInstallation, type InstallationFlags } from './context.js';
import { runningProduct } from './running-product.js';

/** Where to look. */
export interface StatusFlags extends InstallationFlags {
  /** The gateways' Redis; null: the product that runs on the data folder is asked. */
  readonly redis: RedisAddress | null;
}

/** Which pools, and which of their lines. */
export interface StatusAsked {
  /** Slug or id; null: all. */
  readonly named: string | null;
  /** Null: no lines. */
  readonly lines: Omit<PageQuery, 'poolId'> | null;
}

const Summaries = z.object({ pools: z.array(PoolSummaryShape) });

/**
 * All pools, or the one of that slug or id.
 * @throws Error that says what to do: no such pool, nothing runs here, Redis does not answer.
 */
export function poolStatuses(flags: StatusFlags, asked: StatusAsked): Promise<readonly PoolStatus[]> {
  const { redis } = flags;
  return redis === null ? askedStatuses(flags.dataDir, asked) : countedStatuses({ ...flags, redis }, asked);
}

async function askedStatuses(dataDir: string, { named, lines }: StatusAsked): Promise<readonly PoolStatus[]> {
  const ask = await runningProduct(dataDir);
  const ids = named === null ? Summaries.parse(await ask('/pools')).pools.map(({ poolId }) => poolId) : [named];
  const query = lines === null ? '' : `?lines=${lines.linesMax}${lines.after === null ? '' : `&after=${lines.after}`}`;
  const statuses: PoolStatus[] = [];
  for (const id of ids) {
    const answer = await ask(`/pools/${encodeURIComponent(id)}${query}`);
    if (answer === null) throw noSuchPool(id);
    statuses.push(PoolStatusShape.parse(answer));
  }
  return statuses;
}

async function countedStatuses(
  flags: StatusFlags & { readonly redis: RedisAddress },
  { named, lines }: StatusAsked,
): Promise<readonly PoolStatus[]> {
  return withInstallation(flags, async ({ db, clock }) => {
    const policy = await new PrismaPolicySource(db, clock).load();
    const pools = named === null ? [...policy.pools.values()] : [poolNamed(policy, named) ?? refuse(named)];
    // What went wrong is the error of the call that it went wrong for.
    const redis = await connectLeaseRedis({ address: flags.redis, onError: () => undefined });
    try {
      const store = new RedisLeaseStore(redis, { terms: leaseTerms() });
      const statuses: PoolStatus[] = [];
      for (const pool of pools) {
        const view = await store.view(pool.id);
        const page = lines && (await store.page({ poolId: pool.id, ...lines }).catch(refusePage));
        statuses.push(poolStatusIn(policy, pool, { view, nowMs: clock.nowMs(), page }));
      }
      return statuses;
    } finally {
      redis.disconnect();
    }
  });
}

function refuse(named: string): Pool {
  throw noSuchPool(named);
}

function refusePage(error: unknown): never {
  if (!(error instanceof NoSuchPage)) throw error;
  throw new Error('--after must be what the page before said to go on with', { cause: error });
}

function noSuchPool(named: string): Error {
  return new Error(`There is no pool "${named}". \`pool list\` shows their slugs and ids.`);
}
