// A usage event as it was booked, for those who want every one: who, when, how much of each meter, what it was charged.
import type { AmountPico, TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';

/** One booking of one event. A correction is two more: what is taken back, and what is right. */
export interface UsageRow {
  readonly tenantId: TenantId;
  /** Its place in the chain of (tenant, period), of the charge or, where nothing was charged, of the cost. */
  readonly chainSequence: string;
  readonly ledgerId: string;
  readonly usageEventId: string;
  readonly kind: string;
  readonly revision: string;
  readonly period: Period;
  readonly usagePeriod: Period;
  readonly occurredAt: string;
  readonly keyId: string;
  readonly sessionId: string;
  readonly poolId: string;
  readonly model: string;
  readonly evidence: string;
  /** Why it was used where the app did not ask for it: `policy`, by the tenant's moderation. */
  readonly causedBy: string | null;
  /** By meter, decimals of its unit. */
  readonly quantities: ReadonlyMap<string, string>;
  readonly charge: AmountPico;
  readonly cost: AmountPico;
  readonly correctsId: string | null;
}

/** Events in chain order, tenant by tenant. */
export type UsageRows = AsyncIterable<readonly UsageRow[]>;
