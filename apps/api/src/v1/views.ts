// What goes out, field by field: a column that a table gets later does not leave by itself. Amounts and quantities are
// decimal strings, since a JSON number is a float to most readers; times are ISO 8601 in UTC.
import { formatAmount } from '@trunkline/kernel';
import type { CostDimension, CostRow, UsageRow } from '@trunkline/ledger/adapters/prisma';
import { formatQuantity } from '@trunkline/metering';
import type { OpenSession } from '../reads/open-sessions.js';

/** An open session. */
export function sessionView(session: OpenSession, nowMs: number) {
  const { id, tenantId, keyId, model, transport, clientKind, openedAtMs } = session;
  const ageMs = Math.max(0, nowMs - openedAtMs);
  return { id, tenantId, keyId, model, transport, clientKind, openedAt: isoOf(openedAtMs), ageMs };
}

/** How much of a meter a tenant used on a day; `quantity` in the meter's unit. */
export function usageView(row: UsageRow) {
  const { tenantId, day, model, meter, evidence, ratingState, quantityMicro, events } = row;
  return { tenantId, day, model, meter, evidence, ratingState, quantity: formatQuantity(quantityMicro), events };
}

/** Costs of one combination of the dimensions asked for; the other dimensions are left out. */
export function costView(row: CostRow, by: readonly CostDimension[]) {
  const { tenantCharge, estimatedCharge, providerCost, unbilledCost, events } = row;
  return {
    ...Object.fromEntries(by.map((dimension) => dimensionOf(row, dimension))),
    tenantCharge: formatAmount(tenantCharge),
    estimatedCharge: formatAmount(estimatedCharge),
    providerCost: formatAmount(providerCost),
    unbilledCost: formatAmount(unbilledCost),
    events,
  };
}

/** An instant as the API writes it. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function dimensionOf(row: CostRow, dimension: CostDimension): readonly [string, string | null] {
  switch (dimension) {
    case 'tenant':
      return ['tenantId', row.tenantId];
    case 'key':
      return ['keyId', row.keyId];
    case 'model':
    case 'day':
    case 'period':
      return [dimension, row[dimension]];
  }
}
