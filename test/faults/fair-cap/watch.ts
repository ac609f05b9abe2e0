// Watches who holds which lines in Redis, several times a second, and judges at the end: was every floor there when it
// was asked for, and were the lines above floors shared by weight. The cap itself is judged by the upstream's own books.
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_LEASE_TERMS, jainIndex } from '@trunkline/admission';
import { RedisLeaseStore } from '@trunkline/admission/adapters/redis';
import { trustedId } from '@trunkline/kernel';
import { z } from 'zod';
import type { World } from './world.js';

/** What was seen. */
export interface Watched {
  readonly samples: number;
  /** Times that a tenant waited below its floor for two samples on end, but while Redis counts living sessions again. */
  readonly floorsMissed: number;
  /** Jain's index of mean lines above floor by weight, over tenants that had a call in line in most samples. */
  readonly fairness: number;
  readonly saturatedTenants: number;
  readonly meanLines: number;
}

const SAMPLE_MS = 250;
const PlanIds = z.record(z.string(), z.string());

/** Samples until `signal` fires. Samples that Redis does not answer are left out. */
export async function watchLines(world: World, signal: AbortSignal): Promise<Watched> {
  const redis = new Redis(world.redis.url, { maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  const store = new RedisLeaseStore(redis, { terms: DEFAULT_LEASE_TERMS });
  const tally = new Tally(world);
  while (!signal.aborted) {
    await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    // The pool's id is known to whoever admits; here it is read where they leave its plan.
    const plans = PlanIds.safeParse(await redis.hgetall('{trunkline}:plans').catch(() => ({})));
    const [poolId] = plans.success ? Object.keys(plans.data) : [];
    if (poolId === undefined) continue;
    const view = await store.view(trustedId('pool', poolId)).catch(() => null);
    if (view !== null) tally.add(view);
  }
  redis.disconnect();
  return tally.verdict();
}

type View = Awaited<ReturnType<RedisLeaseStore['view']>>;

class Tally {
  private samples = 0;
  private lines = 0;
  private floorsMissed = 0;
  private below = new Set<string>();
  private readonly held = new Map<string, number>();
  private readonly waited = new Map<string, number>();

  constructor(private readonly world: World) {}

  add({ held: { tenants }, waiting, recoveringMs }: View): void {
    this.samples += 1;
    for (const { held } of tenants.values()) this.lines += held;
    const belowNow = new Set<string>();
    for (const { id, floor } of this.world.tenants) {
      const held = tenants.get(trustedId('tnt', id))?.held ?? 0;
      const waits = waiting.some((call) => call.tenantId === id);
      this.held.set(id, (this.held.get(id) ?? 0) + held);
      if (waits) this.waited.set(id, (this.waited.get(id) ?? 0) + 1);
      if (waits && held < floor && recoveringMs === 0) belowNow.add(id);
      if (belowNow.has(id) && this.below.has(id)) this.floorsMissed += 1;
    }
    this.below = belowNow;
  }

  verdict(): Watched {
    const saturated = this.world.tenants.filter(({ id }) => (this.waited.get(id) ?? 0) > this.samples * 0.9);
    const got = saturated.map(({ id, floor, weight }) => ({
      lines: (this.held.get(id) ?? 0) / this.samples - floor,
      due: weight,
    }));
    return {
      samples: this.samples,
      floorsMissed: this.floorsMissed,
      fairness: jainIndex(got),
      saturatedTenants: saturated.length,
      meanLines: this.lines / this.samples,
    };
  }
}
