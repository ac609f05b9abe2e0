// Export runs as programs see them.
import type { DeliveryState, ExportRunRecord } from '@trunkline/reporting/adapters/prisma';

/** A run; `links` adds where its files can be fetched. */
export function runView(run: ExportRunRecord) {
  const { requestedAtMs, finishedAtMs, purgedAtMs, nextTryAtMs, delivery, ...rest } = run;
  return {
    ...rest,
    requestedAt: new Date(requestedAtMs).toISOString(),
    finishedAt: isoOrNull(finishedAtMs),
    purgedAt: isoOrNull(purgedAtMs),
    nextTryAt: isoOrNull(nextTryAtMs),
    delivery: delivery && deliveryView(delivery),
  };
}

function deliveryView({ nextTryAtMs, ...rest }: DeliveryState) {
  return { ...rest, nextTryAt: isoOrNull(nextTryAtMs) };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
