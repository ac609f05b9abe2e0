// Prices and their changes as JSON: amounts are decimals in quotes, instants ISO 8601.
import { formatAmount } from '@trunkline/kernel';
import { priceContent, type PriceDifference, type PriceVersion } from '@trunkline/rating';
import type { StoredPriceChange } from '@trunkline/rating/adapters/prisma';

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

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
