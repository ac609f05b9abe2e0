// The flags that change a configuration, as what they ask of a what-if. Parts that belong to a pool are written
// `pool:what=value`, or without the pool where `--pool` names it or there is only one.
import { readFile } from 'node:fs/promises';
import type { WhatIfChangesRequest } from '@trunkline/admission/adapters/policy';
import { parseId } from '@trunkline/kernel';
import { LIMIT_BOUNDS, POOL_BOUNDS, SESSIONS_BOUNDS, SHARE_BOUNDS, type PolicySnapshot } from '@trunkline/tenancy';
import { InvalidArgumentError } from 'commander';
import { durationIn, orNull, wholeIn, wholeInOrNone, type Bounds } from '../flag-values.js';

/** One `[pool:]name=value`, in the order in which they were typed. */
export interface Assigned {
  readonly pool: string | null;
  readonly name: string | null;
  readonly value: string;
}

/** What was typed. */
export interface ChangeFlags {
  /** Which pool is meant where a flag names none. */
  readonly pool?: string;
  readonly cap?: readonly Assigned[];
  readonly familyCap?: readonly Assigned[];
  readonly share?: readonly Assigned[];
  readonly keyShare?: readonly Assigned[];
  readonly weight?: readonly Assigned[];
  readonly models?: readonly Assigned[];
  readonly queue?: readonly Assigned[];
  readonly drain?: readonly string[];
  readonly newPool?: readonly string[];
  readonly wait?: readonly Assigned[];
  readonly rate?: readonly Assigned[];
  readonly sessionsMax?: readonly Assigned[];
  readonly changes?: string;
}

type Pools = NonNullable<WhatIfChangesRequest['pools']>;
type PoolRequest = Pools[string];
type Tenants = NonNullable<WhatIfChangesRequest['tenants']>;

/** A flag that may be repeated: `value`, `pool=value`. */
export function ofPools(example: string) {
  return assigned(/^(?:(?<pool>[^=:]+)=)?(?<value>[^=]+)$/, example);
}

/** A flag that may be repeated: `name=value`, `pool:name=value`. */
export function inPools(example: string) {
  return assigned(/^(?:(?<pool>[^=:]+):)?(?<name>[^=:]+)=(?<value>[^=]+)$/, example);
}

/** A flag that may be repeated: `value` for all, `name=value` for one. */
export function ofNamed(example: string) {
  return assigned(/^(?:(?<name>[^=:]+)=)?(?<value>[^=:]+)$/, example);
}

/** A flag that may be repeated. */
export function texts(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** What the flags ask to change. @throws Error that says what to write, for a pool that nothing names. */
export function changesOf(flags: ChangeFlags, policy: PolicySnapshot): WhatIfChangesRequest {
  const pools: Record<string, PoolRequest> = {};
  const inPool = (named: string | null, flag: string, change: PoolRequest): void => {
    const pool = named ?? flags.pool ?? onlyPool(policy, flag);
    pools[pool] = mergedPool(pools[pool] ?? {}, change);
  };
  for (const pool of flags.newPool ?? []) inPool(pool, '--new-pool', { isNew: true });
  for (const { pool, value } of flags.cap ?? [])
    inPool(pool, '--cap', { sessionsMax: wholeOrNull('--cap', value, SESSIONS_BOUNDS) });
  for (const { pool, name, value } of flags.familyCap ?? [])
    inPool(pool, '--family-cap', {
      familyCaps: { [name ?? '']: wholeOrNull('--family-cap', value, POOL_BOUNDS.familyCap) },
    });
  for (const { pool, name, value } of flags.share ?? [])
    inPool(pool, '--share', { shares: { [name ?? '']: shareOf('--share', value) } });
  for (const { pool, name, value } of flags.keyShare ?? []) {
    const { weight: _weight, ...ofKey } = shareOf('--key-share', value);
    inPool(pool, '--key-share', { shares: { [tenantOfKey(policy, name ?? '')]: { keys: { [name ?? '']: ofKey } } } });
  }
  for (const { pool, value } of flags.weight ?? [])
    inPool(pool, '--weight', { weight: whole('--weight', value, POOL_BOUNDS.weight) });
  for (const { pool, value } of flags.models ?? [])
    inPool(pool, '--models', { models: value === 'none' ? null : value.split(',') });
  for (const { pool, value } of flags.queue ?? []) inPool(pool, '--queue', queueOf(value));
  for (const pool of flags.drain ?? []) inPool(pool, '--drain', { status: 'draining' });
  return { pools, ...ownChanges(flags) };
}

/** The changes of a file, with those of the flags on top. @throws Error naming the file. */
export async function changesOfFile(file: string): Promise<WhatIfChangesRequest> {
  try {
    // Checked where the changes are put together.
    return JSON.parse(await readFile(file, 'utf8')) as WhatIfChangesRequest;
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON`, { cause });
  }
}

/** Both, where the second wins. */
export function together(first: WhatIfChangesRequest, second: WhatIfChangesRequest): WhatIfChangesRequest {
  const pools: Record<string, PoolRequest> = { ...first.pools };
  for (const [pool, change] of Object.entries(second.pools ?? {})) pools[pool] = mergedPool(pools[pool] ?? {}, change);
  return {
    ...first,
    pools,
    tenants: mergedEach(first.tenants ?? {}, second.tenants ?? {}),
    keys: mergedEach(first.keys ?? {}, second.keys ?? {}),
  };
}

function ownChanges(flags: ChangeFlags): Pick<WhatIfChangesRequest, 'tenants' | 'keys'> {
  let tenants: Tenants = {};
  const keys: Record<string, { sessionsMax: number | null }> = {};
  const ofTenant = (name: string | null, change: Tenants[string]): void => {
    tenants = mergedEach(tenants, { [name ?? '*']: change });
  };
  for (const { name, value } of flags.wait ?? [])
    ofTenant(name, {
      waitMsMax: told('--wait', value, durationIn(LIMIT_BOUNDS.waitMsMax)),
    });
  for (const { name, value } of flags.rate ?? [])
    ofTenant(name, {
      sessionsPerMinuteMax: wholeOrNull('--rate', value, LIMIT_BOUNDS.sessionsPerMinuteMax),
    });
  for (const { name, value } of flags.sessionsMax ?? []) {
    const sessionsMax = wholeOrNull('--sessions-max', value, SESSIONS_BOUNDS);
    if (name !== null && parseId('key', name) !== null) keys[name] = { sessionsMax };
    else ofTenant(name, { sessionsMax });
  }
  return { tenants, keys };
}

function assigned(pattern: RegExp, example: string) {
  return (text: string, before: readonly Assigned[] = []): readonly Assigned[] => {
    const found = pattern.exec(text.trim())?.groups;
    if (found?.['value'] === undefined) throw new InvalidArgumentError(`Write it as ${example}.`);
    return [...before, { pool: found['pool'] ?? null, name: found['name'] ?? null, value: found['value'] }];
  };
}

// floor:ceiling:weight, of which parts may be empty or left out at the end.
function shareOf(flag: string, text: string): { floor?: number; ceiling?: number | null; weight?: number } {
  const [floor = '', ceiling = '', weight = '', ...more] = text.split(':');
  if (more.length > 0) throw new Error(`${flag} ${text} has too many parts: write a share as floor:ceiling:weight`);
  return {
    ...(floor === '' ? {} : { floor: whole(flag, floor, SHARE_BOUNDS.floor) }),
    ...(ceiling === '' ? {} : { ceiling: wholeOrNull(flag, ceiling, SHARE_BOUNDS.ceiling) }),
    ...(weight === '' ? {} : { weight: whole(flag, weight, SHARE_BOUNDS.weight) }),
  };
}

function queueOf(text: string): { waitingMax?: number; waitingPerTenantMax?: number } {
  const [all = '', ofTenant = ''] = text.split(':');
  return {
    ...(all === '' ? {} : { waitingMax: whole('--queue', all, POOL_BOUNDS.waitingMax) }),
    ...(ofTenant === '' ? {} : { waitingPerTenantMax: whole('--queue', ofTenant, POOL_BOUNDS.waitingMax) }),
  };
}

function onlyPool({ pools }: PolicySnapshot, flag: string): string {
  const [first, second] = [...pools.values()];
  if (first && !second) return first.slug;
  throw new Error(`there are several pools: say which one ${flag} is for with --pool, or in front as in its example`);
}

function tenantOfKey({ keys }: PolicySnapshot, id: string): string {
  const key = [...keys.values()].find((each) => each.id === id);
  if (key) return key.tenantId;
  throw new Error(`there is no key "${id}": see \`key list\``);
}

function mergedPool(before: PoolRequest, change: PoolRequest): PoolRequest {
  const merged = { ...before, ...change };
  if (before.familyCaps && change.familyCaps) merged.familyCaps = { ...before.familyCaps, ...change.familyCaps };
  if (before.shares && change.shares) merged.shares = mergedShares(before.shares, change.shares);
  return merged;
}

type Shares = NonNullable<PoolRequest['shares']>;

function mergedShares(before: Shares, change: Shares): Shares {
  const merged = { ...before };
  for (const [tenant, share] of Object.entries(change)) {
    const [known, keys] = [merged[tenant]?.keys, share.keys];
    merged[tenant] = { ...merged[tenant], ...share, ...(known && keys ? { keys: mergedEach(known, keys) } : {}) };
  }
  return merged;
}

function mergedEach<T extends object>(
  before: Readonly<Record<string, T>>,
  change: Readonly<Record<string, T>>,
): Record<string, T> {
  const merged: Record<string, T> = { ...before };
  for (const [name, value] of Object.entries(change)) merged[name] = { ...merged[name], ...value };
  return merged;
}

function whole(flag: string, text: string, bounds: Bounds): number {
  return told(flag, text, wholeIn(bounds));
}

function wholeOrNull(flag: string, text: string, bounds: Bounds): number | null {
  return orNull(told(flag, text, wholeInOrNone(bounds)));
}

// Whoever typed a flag hears of the flag and its unit, and not of the setting behind it.
function told<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Error(`${flag} cannot be ${text}. ${error.message}`, { cause: error });
  }
}
