// What can go wrong when tenants, keys and pools are administered, as values. The command line and the HTTP API turn
// them into their own words; both know the code, never the text.
import { err, ok, type AmountPico, type ApiKeyId, type Result } from '@trunkline/kernel';
import type { z } from 'zod';
import type { ApiKey, Tenant } from './policy-snapshot.js';
import type { Pool } from './pool.js';
import type { PoolKeyShare, PoolShare } from './shares.js';

/** Why an administrative request was not carried out. Nothing was changed. */
export interface AdministrationRefusal {
  readonly code:
    | 'invalid_input'
    /** Each part is allowed, but they do not fit together: floors above a cap, an address without a key. */
    | 'does_not_hold'
    | 'tenant_not_found'
    | 'key_not_found'
    | 'secret_not_found'
    | 'issuer_not_found'
    | 'issuer_taken'
    | 'pool_not_found'
    | 'share_not_found'
    | 'member_not_found'
    | 'token_not_found'
    | 'slug_taken'
    | 'name_taken'
    | 'channel_not_found'
    | 'rule_not_found'
    | 'delivery_not_found'
    /** Somebody else was faster. */
    | 'changed_meanwhile';
  /** Says what to do; repeats no secret. */
  readonly message: string;
  /** The fields at fault, of `invalid_input`. */
  readonly fields?: readonly string[];
}

/** The outcome of an administrative request. */
export type Administered<T> = Promise<Result<T, AdministrationRefusal>>;

/** A tenant as administrators see it. */
export interface TenantRecord extends Tenant {
  readonly createdAtMs: number;
  /** Null: it was not put away. */
  readonly archivedAtMs: number | null;
  /** What it had been charged when it was put away. */
  readonly archivedSpend: AmountPico | null;
  /** Another one after each change. */
  readonly version: string;
}

/** A key as administrators see it: recognisable, not usable. */
export interface ApiKeyRecord extends ApiKey {
  readonly prefix: string;
  readonly last4: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly archivedAtMs: number | null;
  readonly archivedSpend: AmountPico | null;
  /** The key that it took the place of. */
  readonly replaces: ApiKeyId | null;
  readonly version: string;
}

/** A key that was just made. */
export interface CreatedKey {
  readonly key: ApiKeyRecord;
  /** The key itself. Shown now or never: it is stored nowhere. */
  readonly secret: string;
}

/** A pool as administrators see it: that it has a key of its own, not which. */
export interface PoolRecord extends Omit<Pool, 'upstreamKeySealed'> {
  readonly hasUpstreamKey: boolean;
  readonly createdAtMs: number;
  readonly version: string;
}

/** A share of a pool as administrators see it. */
export interface ShareRecord extends PoolShare {
  readonly poolSlug: string;
  readonly tenantSlug: string;
  /** `0` where nothing is stored. */
  readonly version: string;
}

/** A key's share of its tenant's lines as administrators see it. */
export interface KeyShareRecord extends PoolKeyShare {
  readonly poolSlug: string;
  readonly tenantSlug: string;
  readonly keyName: string;
}

/** The refusal for parts that do not fit together. Null when there is no problem. */
export function refusalOf(problems: readonly string[]): AdministrationRefusal | null {
  return problems.length === 0 ? null : { code: 'does_not_hold', message: `${problems.join('; ')}.` };
}

/** Checks an input against its schema; all problems at once. */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  input: z.input<Schema>,
): Result<z.output<Schema>, AdministrationRefusal> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return ok(parsed.data);
  const { issues } = parsed.error;
  return err({
    code: 'invalid_input',
    message: `${issues.map((issue) => issue.message).join('; ')}.`,
    fields: [...new Set(issues.map((issue) => issue.path.join('.')))],
  });
}
