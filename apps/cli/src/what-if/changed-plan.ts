// The configuration that a what-if asks about: the present one of a pool with some of it changed, checked as a real change
// would be. Nothing is stored.
import { InvalidArgumentError } from 'commander';
import { shareOf, type PoolPlan } from '@trunkline/admission';
import { poolProblems, refusalOf, type PolicySnapshot, type Tenant } from '@trunkline/tenancy';

/** A share as it was typed; what is undefined stays. */
export interface ShareChange {
  /** Slug or id. */
  readonly tenant: string;
  readonly floor: number | undefined;
  /** Null takes it away. */
  readonly ceiling: number | null | undefined;
  readonly weight: number | undefined;
}

/** What to change. */
export interface PlanChanges {
  /** Null takes it away. */
  readonly cap: number | null | undefined;
  readonly shares: readonly ShareChange[];
}

/** A flag that may be repeated: `tenant=floor:ceiling:weight`, parts may be left out at the end or empty. */
export function shareChangesOf(text: string, before: readonly ShareChange[] = []): readonly ShareChange[] {
  const [, tenant, floor = '', ceiling = '', weight = ''] =
    /^([^=]+)=(\d*)(?::(\d*|none))?(?::(\d*))?$/.exec(text.trim()) ?? [];
  if (tenant === undefined)
    throw new InvalidArgumentError('Write it as support-bots=10:30:2, floor, ceiling (or none) and weight.');
  const number = (part: string): number | undefined => (part === '' ? undefined : Number(part));
  const change = {
    tenant,
    floor: number(floor),
    ceiling: ceiling === 'none' ? null : number(ceiling),
    weight: number(weight),
  };
  return [...before, change];
}

/** The plan with the changes. @throws Error with the arithmetic when it cannot hold, or for an unknown tenant. */
export function changedPlan(plan: PoolPlan, changes: PlanChanges, policy: PolicySnapshot): PoolPlan {
  const shares = { ...plan.shares };
  for (const { tenant, floor, ceiling, weight } of changes.shares) {
    const { id } = tenantNamed(policy, tenant);
    const share = shareOf(plan, id);
    shares[id] = {
      ...share,
      floor: floor ?? share.floor,
      ceiling: ceiling === undefined ? share.ceiling : ceiling,
      weight: weight ?? share.weight,
    };
  }
  const changed = { ...plan, sessionsMax: changes.cap === undefined ? plan.sessionsMax : changes.cap, shares };
  const refusal = refusalOf([...numberProblems(changed), ...poolProblems(claimsOf(changed, policy))]);
  if (refusal) throw new Error(refusal.message);
  return changed;
}

/** A tenant by slug or id. @throws Error when there is none. */
export function tenantNamed(policy: PolicySnapshot, named: string): Tenant {
  const tenant = [...policy.tenants.values()].find(({ id, slug }) => slug === named || id === named);
  if (!tenant) throw new Error(`There is no tenant "${named}". See \`tenant list\`.`);
  return tenant;
}

function numberProblems({ sessionsMax, shares }: PoolPlan): readonly string[] {
  const terms = Object.values(shares);
  return [
    ...(sessionsMax === null || Number.isSafeInteger(sessionsMax) ? [] : ['--cap must be a whole number or none']),
    ...(terms.some(({ ceiling }) => ceiling === 0) ? ['a ceiling must be at least 1, or none'] : []),
    ...(terms.some(({ weight }) => weight < 1 || weight > 1_000) ? ['a weight must be from 1 to 1000'] : []),
  ];
}

function claimsOf({ sessionsMax, familyMax, shares, poolId }: PoolPlan, { pools, tenants }: PolicySnapshot) {
  const slugOf = new Map([...tenants].map(([id, { slug }]) => [String(id), slug]));
  return {
    slug: pools.get(poolId)?.slug ?? poolId,
    sessionsMax,
    familyCaps: new Map(Object.entries(familyMax)),
    tenants: Object.entries(shares).map(([tenantId, { floor, ceiling, keys }]) => ({
      slug: slugOf.get(tenantId) ?? tenantId,
      floor,
      ceiling,
      keys: Object.entries(keys).map(([id, key]) => ({ id, ...key })),
    })),
  };
}
