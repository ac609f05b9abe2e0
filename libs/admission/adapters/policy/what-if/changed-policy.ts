// The policy with what a what-if changes, compiled and checked as the real one is. Nothing is stored. Guarantees that what it
// accepts could be set, and that it refuses what could not hold with the same arithmetic.
import { err, ok, trustedId, type PoolId, type Result, type TenantId } from '@trunkline/kernel';
import {
  blankPool,
  changedPool,
  compilePolicy,
  DEFAULT_SHARE,
  holderProblems,
  poolProblems,
  type ApiKey,
  type PolicySnapshot,
  type Pool,
  type PoolKeyShare,
  type PoolShare,
  type Tenant,
} from '@trunkline/tenancy';
import { poolNamed } from '../pool-names.js';
import type { WhatIfChanges } from './changes.js';

/** The changed policy, or every reason why there can be none, in sentences. */
export function changedPolicy(policy: PolicySnapshot, changes: WhatIfChanges): Result<PolicySnapshot, string> {
  const draft = new Draft(policy);
  for (const [named, change] of Object.entries(changes.tenants)) draft.changeTenants(named, change);
  for (const [id, { sessionsMax }] of Object.entries(changes.keys)) draft.changeKey(id, sessionsMax);
  for (const [named, change] of Object.entries(changes.pools)) draft.changePool(named, change);
  const problems = draft.problems();
  return problems.length > 0 ? err(`${[...new Set(problems)].join('; ')}.`) : ok(draft.compiled());
}

const EVERYBODY = '*';
type PoolChange = WhatIfChanges['pools'][string];
type TenantChange = WhatIfChanges['tenants'][string];

class Draft {
  readonly #pools: Map<PoolId, Pool>;
  readonly #tenants: Map<TenantId, Tenant>;
  readonly #keys: Map<string, ApiKey>;
  readonly #shares = new Map<string, PoolShare>();
  readonly #keyShares = new Map<string, PoolKeyShare>();
  readonly #unknown: string[] = [];

  constructor(private readonly policy: PolicySnapshot) {
    this.#pools = new Map(policy.pools);
    this.#tenants = new Map(policy.tenants);
    this.#keys = new Map(policy.keys);
    for (const poolId of policy.pools.keys()) {
      const { tenants, keys } = policy.sharesOf(poolId);
      for (const share of tenants) this.#shares.set(`${poolId} ${share.tenantId}`, share);
      for (const share of keys) this.#keyShares.set(`${poolId} ${share.keyId}`, share);
    }
  }

  changeTenants(named: string, change: TenantChange): void {
    const one = named === EVERYBODY ? null : this.#tenantNamed(named);
    const changed = named === EVERYBODY ? [...this.#tenants.values()] : one ? [one] : [];
    for (const tenant of changed) this.#tenants.set(tenant.id, changedTenant(tenant, change));
  }

  changeKey(id: string, sessionsMax: number | null | undefined): void {
    const key = this.#keyOf(id);
    if (key && sessionsMax !== undefined) this.#keys.set(id, { ...key, sessionsMax });
  }

  changePool(named: string, { isNew, shares, ...changes }: PoolChange): void {
    const known = poolNamed(this.policy, named);
    if (isNew && known) this.#unknown.push(`there is a pool "${named}" already: leave isNew out to change it`);
    if (!isNew && !known) this.#unknown.push(`there is no pool "${named}": see \`pool list\`, or say that it isNew`);
    const pool = known ?? blankPool(trustedId('pool', `pool_what_if_${named}`), named);
    this.#pools.set(
      pool.id,
      changedPool(pool, changes, (upstreamKey) => upstreamKey),
    );
    for (const [tenant, { keys, ...change }] of Object.entries(shares)) {
      const found = this.#tenantNamed(tenant);
      if (!found) continue;
      const share = { poolId: pool.id, tenantId: found.id };
      const before = this.#shares.get(`${pool.id} ${found.id}`) ?? { ...DEFAULT_SHARE, ...share };
      this.#shares.set(`${pool.id} ${found.id}`, { ...before, ...said(change) });
      for (const [id, ofKey] of Object.entries(keys)) this.#changeKeyShare(share, id, ofKey);
    }
  }

  /** Whatever is wrong with it. */
  problems(): readonly string[] {
    if (this.#unknown.length > 0) return this.#unknown;
    return [...[...this.#pools.values()].flatMap((pool) => this.#poolProblems(pool)), ...this.#holderProblems()];
  }

  compiled(): PolicySnapshot {
    return compilePolicy({
      version: this.policy.version,
      tenants: [...this.#tenants.values()],
      // Nobody shows a key here, so any text that tells them apart will do.
      keys: [...this.#keys.values()].map((key) => ({ hmac: key.id, key })),
      pools: [...this.#pools.values()],
      tenantShares: [...this.#shares.values()],
      keyShares: [...this.#keyShares.values()],
      moderation: [],
      refusedEndUsers: [],
      revokedSecrets: [],
    });
  }

  #changeKeyShare(
    { poolId, tenantId }: Pick<PoolShare, 'poolId' | 'tenantId'>,
    id: string,
    change: PoolChange['shares'][string]['keys'][string],
  ): void {
    const key = this.#keyOf(id);
    if (!key) return;
    if (key.tenantId !== tenantId) this.#unknown.push(`key ${id} is not of the tenant under which it is named`);
    const name = `${poolId} ${key.id}`;
    const before = this.#keyShares.get(name) ?? { poolId, tenantId, keyId: key.id, floor: 0, ceiling: null };
    this.#keyShares.set(name, { ...before, ...said(change) });
  }

  #poolProblems({ id, slug, sessionsMax, familyCaps }: Pool): readonly string[] {
    const tenants = [...this.#shares.values()].filter(({ poolId }) => poolId === id);
    const keys = [...this.#keyShares.values()].filter(({ poolId }) => poolId === id);
    const claims = tenants.map(({ tenantId, floor, ceiling }) => ({
      ...{ slug: this.#tenants.get(tenantId)?.slug ?? tenantId, floor, ceiling },
      keys: keys
        .filter((key) => key.tenantId === tenantId)
        .map((key) => ({ id: key.keyId, floor: key.floor, ceiling: key.ceiling })),
    }));
    return poolProblems({ slug, sessionsMax, familyCaps, tenants: claims });
  }

  #holderProblems(): readonly string[] {
    const shares = [...this.#shares.values()];
    const keyShares = [...this.#keyShares.values()];
    const ofTenants = [...this.#tenants.values()].flatMap(({ id, slug: name, sessionsMax }) => {
      const floors = shares.filter(({ tenantId }) => tenantId === id).map(({ floor }) => floor);
      return holderProblems({ kind: 'tenant', name, sessionsMax, floors });
    });
    const ofKeys = [...this.#keys.values()].flatMap(({ id, sessionsMax }) => {
      const floors = keyShares.filter(({ keyId }) => keyId === id).map(({ floor }) => floor);
      return holderProblems({ kind: 'key', name: id, sessionsMax, floors });
    });
    return [...ofTenants, ...ofKeys];
  }

  #tenantNamed(named: string): Tenant | null {
    const found = [...this.#tenants.values()].find(({ id, slug }) => slug === named || id === named);
    if (!found) this.#unknown.push(`there is no tenant "${named}": see \`tenant list\``);
    return found ?? null;
  }

  #keyOf(id: string): ApiKey | null {
    const key = this.#keys.get(id);
    if (!key) this.#unknown.push(`there is no key "${id}": see \`key list\``);
    return key ?? null;
  }
}

function changedTenant(tenant: Tenant, { sessionsMax, ...limits }: TenantChange): Tenant {
  return {
    ...tenant,
    sessionsMax: sessionsMax === undefined ? tenant.sessionsMax : sessionsMax,
    limits: { ...tenant.limits, ...said(limits) },
  };
}

type Said<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

// Null is a value (none); only undefined means that nothing was said.
function said<T extends object>(change: T): Said<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Said<T>;
}
