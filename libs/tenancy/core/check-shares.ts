// Whether shares can hold: every floor is a promise of lines that are there whenever they are asked for, so all floors of
// a pool must be held back at once within its cap. Pure; guarantees that what it accepts can be kept, and that what it
// refuses is refused with the sum that shows why. Leaves reading and locking to the services.

/** What a key has of its tenant's lines. */
export interface KeyClaim {
  readonly id: string;
  readonly floor: number;
  readonly ceiling: number | null;
}

/** What a tenant has of a pool, and its keys of that. */
export interface TenantClaim {
  readonly slug: string;
  readonly floor: number;
  readonly ceiling: number | null;
  readonly keys: readonly KeyClaim[];
}

/** A pool and every claim on it. */
export interface PoolClaims {
  readonly slug: string;
  readonly sessionsMax: number | null;
  /** Caps of model families. Who has a floor may ask for any family. */
  readonly familyCaps: ReadonlyMap<string, number>;
  readonly tenants: readonly TenantClaim[];
}

/** A tenant or a key with a cap of its own, and its floors in all pools. */
export interface CappedHolder {
  readonly kind: 'tenant' | 'key';
  /** The tenant's slug or the key's id. */
  readonly name: string;
  readonly sessionsMax: number | null;
  readonly floors: readonly number[];
}

/** Why the claims on a pool cannot all be kept, in sentences without a full stop; empty when they can. */
export function poolProblems(pool: PoolClaims): readonly string[] {
  return [...pool.tenants.flatMap((tenant) => tenantProblems(pool, tenant)), ...capProblems(pool)];
}

/**
 * Why a holder's own cap cannot be kept together with its floors. A line that is held back for somebody whose cap
 * forbids it to be used would be lost to everybody. A cap below a ceiling is no problem: the lower one holds.
 */
export function holderProblems({ kind, name, sessionsMax, floors }: CappedHolder): readonly string[] {
  if (sessionsMax === null) return [];
  const limit = { max: sessionsMax, name: `the cap of ${sessionsMax} sessions of ${kind} ${name}` };
  return exceeded(floors, limit, {
    one: `the floor of ${kind} ${name}`,
    many: (count) => `floors in ${count} pools`,
    raise: 'raise the cap',
  });
}

function tenantProblems(pool: PoolClaims, tenant: TenantClaim): string[] {
  const of = `of tenant ${tenant.slug} in pool ${pool.slug}`;
  const keyFloors = tenant.keys.map(({ floor }) => floor);
  const limit = { max: tenant.floor, name: `the floor of ${tenant.floor} ${of}` };
  return [
    ...floorAboveCeiling(tenant, of),
    ...tenant.keys.flatMap((key) => floorAboveCeiling(key, `of key ${key.id} in pool ${pool.slug}`)),
    ...exceeded(keyFloors, limit, {
      one: 'the floor of one key',
      many: (count) => `floors of ${count} keys`,
      raise: "raise the tenant's floor",
    }),
  ];
}

function floorAboveCeiling({ floor, ceiling }: Omit<KeyClaim, 'id'>, of: string): string[] {
  if (ceiling === null || floor <= ceiling) return [];
  return [`the floor of ${floor} is above the ceiling of ${ceiling} ${of}: lower the floor or raise the ceiling`];
}

function capProblems({ slug, sessionsMax, familyCaps, tenants }: PoolClaims): string[] {
  const held = tenants.filter(({ floor }) => floor > 0);
  const words: Words = {
    one: `the floor of tenant ${held[0]?.slug}`,
    many: (count) => `floors of ${count} tenants`,
    raise: 'raise the cap',
  };
  const floors = held.map(({ floor }) => floor);
  const ofFamilies = [...familyCaps].flatMap(([family, max]) =>
    exceeded(
      floors,
      { max, name: `the cap of ${max} of family ${family} in pool ${slug}` },
      {
        ...words,
        raise: 'raise the cap, or give the family a pool of its own',
      },
    ),
  );
  if (sessionsMax !== null)
    return [
      ...exceeded(floors, { max: sessionsMax, name: `the cap of ${sessionsMax} of pool ${slug}` }, words),
      ...ofFamilies,
    ];
  if (held.length === 0) return [];
  const [claim, sum] = [claimed(floors, words), sumOf(floors)];
  return [
    ...ofFamilies,
    `${claim}, but pool ${slug} has no cap and a guarantee needs one: ` +
      `set a cap of at least ${sum} or take the floor${held.length === 1 ? '' : 's'} away`,
  ];
}

interface Words {
  /** What the only floor is, and what several are. */
  readonly one: string;
  readonly many: (count: number) => string;
  /** The other way out. */
  readonly raise: string;
}

function exceeded(
  all: readonly number[],
  limit: { readonly max: number; readonly name: string },
  words: Words,
): string[] {
  const floors = all.filter((floor) => floor > 0);
  const over = sumOf(floors) - limit.max;
  if (over <= 0) return [];
  return [`${claimed(floors, words)}, above ${limit.name}: ${lowering(floors, over)} or ${words.raise}`];
}

// floors of 4 tenants are 30 + 30 + 30 + 20 = 110
function claimed(floors: readonly number[], { one, many }: Words): string {
  const sum = sumOf(floors);
  return floors.length === 1 ? `${one} is ${sum}` : `${many(floors.length)} are ${termsOf(floors)} = ${sum}`;
}

function lowering(floors: readonly number[], over: number): string {
  if (floors.length === 1) return `lower it by ${over}`;
  return floors.some((floor) => floor >= over) ? `lower one by ${over}` : `lower them by ${over} together`;
}

// More terms than a line shows are counted by size: 12 x 5 + 30 x 2.
const TERMS_MAX = 8;

function termsOf(floors: readonly number[]): string {
  if (floors.length <= TERMS_MAX) return floors.join(' + ');
  const sizes = [...new Set(floors)].sort((a, b) => b - a);
  return sizes.map((size) => `${floors.filter((floor) => floor === size).length} x ${size}`).join(' + ');
}

function sumOf(floors: readonly number[]): number {
  return floors.reduce((sum, floor) => sum + floor, 0);
}
