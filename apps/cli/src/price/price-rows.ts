// How changes of prices are shown.
import { addAmounts, formatAmount, negateAmount } from '@trunkline/kernel';
import { countOf, pricedPer, type PriceDifference, type PriceVersion } from '@trunkline/rating';
import type { StoredPriceChange, TenantImpact } from '@trunkline/rating/adapters/prisma';
import type { Row } from '../output.js';
import type { NameOf } from '../tenant-names.js';

/** A text that may hold ids of tenants and pools (`markup for tenant:tnt_...`), with their slugs. */
export function named(text: string, nameOf: NameOf): string {
  return text.replace(/(?<=\b(tenant|pool):)\S+/g, nameOf);
}

/** A change in a list. */
export function changeRow({ id, author, authoredAtMs, reason, correction, content, decision }: StoredPriceChange): Row {
  return {
    id,
    state: decision?.outcome ?? 'draft',
    rows: countOf(content),
    correction: correction ? 'yes' : null,
    author,
    authored_at: iso(authoredAtMs),
    reason,
    decided_by: decision === null ? null : `${decision.actor}${decision.singlePerson ? ' (single person)' : ''}`,
    decided_at: decision === null ? null : iso(decision.decidedAtMs),
    decision_reason: decision?.reason ?? null,
  };
}

/** What a change or a time makes of a price. */
export function differenceRow({ what, atMs, before, after }: PriceDifference, nameOf: NameOf): Row {
  return { what: named(what, nameOf), at: iso(atMs), before, after };
}

/** A price in force. */
export function versionRow(version: PriceVersion, nameOf: NameOf): Row {
  return {
    provider: version.provider,
    book: named(version.book, nameOf),
    model: version.model,
    meter: version.meter,
    tier: version.serviceTier,
    price_usd: formatAmount(version.price),
    per: pricedPer(version.unit),
    from: iso(version.effectiveFrom),
    until: version.effectiveTo === null ? null : iso(version.effectiveTo),
    id: version.id,
  };
}

/** What a tenant's usage would have cost, model by model. */
export function impactRows({ tenantId, models, unreadable }: TenantImpact, nameOf: NameOf): Row[] {
  const tenant = nameOf(tenantId);
  const rows = models.map(({ model, events, cost, charge }) => ({
    tenant,
    model,
    events,
    charge_usd: formatAmount(charge.before),
    would_be_usd: formatAmount(charge.after),
    difference_usd: formatAmount(addAmounts(charge.after, negateAmount(charge.before))),
    cost_usd: formatAmount(cost.before),
    cost_would_be_usd: formatAmount(cost.after),
    without_price: unratedText(charge.unratedBefore, charge.unratedAfter),
  }));
  const left = { model: `${unreadable} events that this release cannot read`, events: unreadable };
  const none = { charge_usd: null, would_be_usd: null, difference_usd: null, cost_usd: null, cost_would_be_usd: null };
  return unreadable === 0 ? rows : [...rows, { tenant, ...left, ...none, without_price: null }];
}

function unratedText(before: number, after: number): string | null {
  return before === 0 && after === 0 ? null : `${before} -> ${after} events`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
