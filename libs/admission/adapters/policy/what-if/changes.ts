// What a what-if asks to change: of pools, of shares in them, of tenants and of keys. The words and bounds are those of the
// real settings, so that what was tried can be set as it was written. What is not named stays, null takes a limit away.
import {
  SessionsMaxInput,
  SetKeyShareInput,
  SetShareInput,
  TenantLimitsInput,
  UpdatePoolInput,
} from '@trunkline/tenancy';
import { z } from 'zod';

const ENTRIES_MAX = 1_000;

const ShareChange = SetShareInput.extend({
  /** By key id. */
  keys: named(SetKeyShareInput).default({}),
});

const PoolChange = UpdatePoolInput.pick({
  status: true,
  sessionsMax: true,
  models: true,
  familyCaps: true,
  tier: true,
  weight: true,
  waitingMax: true,
  waitingPerTenantMax: true,
}).extend({
  /** A pool that there is not yet. */
  isNew: z.boolean().default(false),
  /** By slug or id of the tenant. */
  shares: named(ShareChange).default({}),
});

const TenantChange = TenantLimitsInput.pick({
  waitMsMax: true,
  sessionsPerMinuteMax: true,
}).extend({
  sessionsMax: SessionsMaxInput.optional(),
});

/** What to change, as JSON. */
export const WhatIfChangesInput = z.strictObject({
  /** By slug or id. */
  pools: named(PoolChange).default({}),
  /** By slug or id; `*` is every tenant, before those that are named. */
  tenants: named(TenantChange).default({}),
  /** By id. */
  keys: named(z.strictObject({ sessionsMax: SessionsMaxInput.optional() })).default({}),
});

/** What to change. */
export type WhatIfChanges = z.output<typeof WhatIfChangesInput>;
/** The same as callers write it. */
export type WhatIfChangesRequest = z.input<typeof WhatIfChangesInput>;

function named<Schema extends z.ZodType>(schema: Schema) {
  return z
    .record(z.string().min(1).max(100), schema)
    .refine((all) => Object.keys(all).length <= ENTRIES_MAX, `must have at most ${ENTRIES_MAX} entries`);
}
