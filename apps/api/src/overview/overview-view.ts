// The overview as it goes out: amounts and quantities as decimal strings, times in ISO 8601.
import { formatAmount } from '@trunkline/kernel';
import { formatQuantity, isMeter, meterEntry } from '@trunkline/metering';
import type { Overview } from './load-overview.js';

// What the ledger books in.
const CURRENCY = 'USD';

/** The answer. Usage and costs are of the UTC day of `asOf`. */
export function overviewView({ asOfMs, sessions, chargedToday, lag, pools, usage, costs, tenants }: Overview) {
  return {
    asOf: new Date(asOfMs).toISOString(),
    openSessions: sessions.total,
    chargedToday: formatAmount(chargedToday),
    currency: CURRENCY,
    ledger: { pending: lag.pending, oldestPendingMs: lag.oldestPendingMs, stuck: lag.unrated + lag.parked },
    pools: pools.kind === 'unknown' ? null : pools.pools.map(poolView),
    poolsProblem: pools.kind === 'unknown' ? pools.why : null,
    usage: usage.map(({ meter, quantityMicro, estimatedMicro, unbookedMicro }) => ({
      meter,
      unit: isMeter(meter) ? meterEntry(meter).unit : 'unknown',
      quantity: formatQuantity(quantityMicro),
      estimated: formatQuantity(estimatedMicro),
      unbooked: formatQuantity(unbookedMicro),
    })),
    costs: costs.map((row) => {
      const tenant = row.tenantId === null ? undefined : tenants.get(row.tenantId);
      return {
        tenant: tenant === undefined ? null : { id: tenant.id, slug: tenant.slug, name: tenant.name },
        tenantCharge: formatAmount(row.tenantCharge),
        estimatedCharge: formatAmount(row.estimatedCharge),
        providerCost: formatAmount(row.providerCost),
        events: row.events,
      };
    }),
  };
}

type Known = Extract<Overview['pools'], { kind: 'known' }>['pools'][number];

function poolView({ pool, status, totals: { cap, open, pending, kept, waiting } }: Known) {
  return { pool, status, cap: cap ?? null, used: open + pending + kept, waiting };
}
