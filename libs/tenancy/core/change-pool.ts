// A pool before and after a change that an administrator asked for. Pure; guarantees that what was not named stays.
// Leaves whether the result fits together to `check-account.ts` and `check-shares.ts`.
import type { PoolId } from '@trunkline/kernel';
import { POOL_DEFAULTS, type Pool } from './pool.js';
import type { PoolChanges } from './pool-inputs.js';
import { tierPreset } from './tier-presets.js';

/** A pool of which nothing is said yet: no cap, the account of the settings, all models. */
export function blankPool(id: PoolId, slug: string): Pool {
  return {
    ...POOL_DEFAULTS,
    id,
    slug,
    vendor: 'openai',
    status: 'active',
    sessionsMax: null,
    familyCaps: new Map(),
    tokensPerMinuteMax: null,
    tier: null,
    models: null,
    upstreamUrl: null,
    upstreamKeySealed: null,
    deployments: new Map(),
  };
}

/** The pool after the change. @param seal seals an upstream key for this pool. */
export function changedPool(pool: Pool, changes: PoolChanges, seal: (upstreamKey: string) => string): Pool {
  const { tier, upstreamKey } = changes;
  // Documented caps first, so that a cap named beside the tier wins over them.
  const documented = tier === undefined || tier === null ? null : tierPreset({ tier, caps: 'documented' });
  const familyCaps = new Map([...pool.familyCaps, ...(documented?.familyCaps ?? [])]);
  return {
    ...pool,
    vendor: changes.vendor ?? pool.vendor,
    status: changes.status ?? pool.status,
    sessionsMax: orKept(changes.sessionsMax, pool.sessionsMax),
    familyCaps: patched(familyCaps, changes.familyCaps),
    tokensPerMinuteMax: orKept(changes.tokensPerMinuteMax, pool.tokensPerMinuteMax),
    tier: orKept(tier, pool.tier),
    weight: changes.weight ?? pool.weight,
    waitingMax: changes.waitingMax ?? pool.waitingMax,
    waitingPerTenantMax: changes.waitingPerTenantMax ?? pool.waitingPerTenantMax,
    models: orKept(changes.models, pool.models),
    upstreamUrl: orKept(changes.upstreamUrl, pool.upstreamUrl),
    upstreamKeySealed: orKept(sealedWith(seal, upstreamKey), pool.upstreamKeySealed),
    deployments: patched(pool.deployments, changes.deployments),
  };
}

// Null is a value here (none), only undefined means that nothing was said.
function orKept<T>(changed: T | undefined, kept: T): T {
  return changed === undefined ? kept : changed;
}

function sealedWith(seal: (upstreamKey: string) => string, key: string | null | undefined): string | null | undefined {
  return key === undefined || key === null ? key : seal(key);
}

function patched<Value>(
  map: ReadonlyMap<string, Value>,
  changes: Readonly<Record<string, Value | null>> = {},
): ReadonlyMap<string, Value> {
  const next = new Map(map);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}
