// The lines as the gateways count them in Redis, to look at only.
import { leaseTerms, type LeaseStore } from '@trunkline/admission';
import { connectLeaseRedis, RedisLeaseStore } from '@trunkline/admission/adapters/redis';
import type { RedisAddress } from '@trunkline/platform/config';
import type { ProcessBase } from '@trunkline/platform/process';

const STOP_MS_MAX = 2_000;

/** Connects when it is first looked, so that a Redis that is away keeps no worker from rating; a failed look tries anew. */
export function openLines(
  address: RedisAddress,
  { log, shutdown }: Pick<ProcessBase, 'log' | 'shutdown'>,
): Pick<LeaseStore, 'view'> {
  let opening: Promise<RedisLeaseStore> | null = null;
  const open = async (): Promise<RedisLeaseStore> => {
    const redis = await connectLeaseRedis({
      address,
      onError: (error) => log.debug({ event: 'redis_error', err: error }, 'Redis is not reachable'),
    });
    shutdown.register('lines', STOP_MS_MAX, () => redis.disconnect());
    return new RedisLeaseStore(redis, { terms: leaseTerms() });
  };
  return {
    view: async (poolId) => {
      opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return (await opening).view(poolId);
    },
  };
}
