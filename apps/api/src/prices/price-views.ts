// Prices and their changes as JSON: amounts are decimals in quotes, instants ISO 8601.
import { addAmounts, formatAmount, negateAmount } from '@trunkline/kernel';
import { priceContent, type Impact, type PriceDifference, type PriceVersion } from '@trunkline/rating';
import type { StoredPriceChange, TenantImpact } from '@trunkline/rating/adapters/prisma';

/** A price in force. */
export function versionView(version: PriceVersion) {
  const { id, provider, book, model, meter, serviceTier, unit, currency, revision, source, confidence, note } = version;
  return {
    ...{ id, provider, book, model, meter, service_tier: serviceTier, unit, currency, revision },
    price: formatAmount(version.price),
    per: version.per.toString(),
    effective_from: iso(version.effectiveFrom),
    effective_to: version.effectiveTo === null ? null : iso(version.effectiveTo),
    ...{ source, confidence, note },
  };
}

/** A change with its content. */
export function changeView({ id, author, authoredAtMs, reason, correction, content, decision }: StoredPriceChange) {
  return {
    ...{ id, state: decision?.outcome ?? 'draft', author, authored_at: iso(authoredAtMs), reason, correction },
    decision: decision && {
      ...{ outcome: decision.outcome, actor: decision.actor, decided_at: iso(decision.decidedAtMs) },
      ...{ reason: decision.reason, single_person: decision.singlePerson },
    },
    content: priceContent(content),
  };
}

/** What a change makes of a price. */
export function differenceView({ what, atMs, before, after }: PriceDifference) {
  return { what, at: iso(atMs), before, after };
}

/** What a tenant's usage costs and is charged, model by model, now and at the other prices. */
export function impactView({ tenantId, models, unreadable }: TenantImpact) {
  const sides = ({ before, after, unratedBefore, unratedAfter }: Impact) => ({
    ...{ before: formatAmount(before), after: formatAmount(after) },
    difference: formatAmount(addAmounts(after, negateAmount(before))),
    ...{ events_without_price: { before: unratedBefore, after: unratedAfter } },
  });
  const rows = models.map(({ model, events, charge, cost }) => ({
    ...{ model, events, charge: sides(charge), cost: sides(cost) },
  }));
  return { tenantId, models: rows, events_not_readable: unreadable };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
