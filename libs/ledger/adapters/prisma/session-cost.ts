// What one session cost, line by line, so that anybody can check it with pencil and paper: quantity x price / per. Says how
// much of the session is not in it yet.
import { addAmounts, type AmountPico, type PriceVersionId, type SessionId, type TenantId } from '@trunkline/kernel';
import { amountText, numberText, priceVersionIdText, wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** The charges of one meter at one price. */
export interface SessionCostLine {
  readonly model: string;
  readonly meter: string;
  /** Millionths of the meter's unit. */
  readonly quantityMicro: bigint;
  readonly priceVersionId: PriceVersionId;
  readonly price: AmountPico;
  /** How many tokens or seconds the price buys. */
  readonly per: bigint;
  readonly amount: AmountPico;
}

/** A session's charge to its tenant. */
export interface SessionCost {
  readonly amount: AmountPico;
  readonly lines: readonly SessionCostLine[];
  /** Events in the ledger, and events of the session that are not: waiting for rating, for a price, or for a person. */
  readonly events: {
    readonly rated: number;
    readonly pending: number;
    readonly unrated: number;
    readonly parked: number;
  };
}

const lineRow = z.object({
  model: z.string(),
  meter: z.string(),
  quantityMicro: wholeText,
  priceVersionId: priceVersionIdText,
  price: amountText,
  per: wholeText,
  amount: amountText,
});
const stateRow = z.object({
  state: z.enum(['rated', 'pending', 'unrated', 'parked', 'superseded']),
  events: numberText,
});

/** The cost of a tenant's session; zero with no events for a session that is unknown or another tenant's. */
export async function costOfSession(db: Queryable, tenantId: TenantId, sessionId: SessionId): Promise<SessionCost> {
  const lineRows = await db.$queryRaw`
    SELECT t.model, l.meter, trunc(sum(l.quantity) * 1000000)::text AS "quantityMicro",
           l.price_version_id AS "priceVersionId", p.price::text, p.per::text, sum(l.amount)::text AS amount
      FROM ledger_transaction t
      JOIN charge_line l ON l.transaction_id = t.id
      JOIN price_version p ON p.id = l.price_version_id
     WHERE t.session_id = ${sessionId} AND t.tenant_id = ${tenantId} AND t.purpose = 'tenant_charge'
     GROUP BY t.model, l.meter, l.price_version_id, p.price, p.per
    HAVING sum(l.quantity) <> 0 OR sum(l.amount) <> 0
     ORDER BY t.model, l.meter, l.price_version_id`;
  const stateRows = await db.$queryRaw`
    SELECT rating_state AS state, count(*)::text AS events
      FROM usage_event WHERE session_id = ${sessionId} AND tenant_id = ${tenantId} GROUP BY rating_state`;
  const lines = z.array(lineRow).parse(lineRows);
  const counted = z.array(stateRow).parse(stateRows);
  const of = (state: string): number => counted.find((row) => row.state === state)?.events ?? 0;
  return {
    amount: addAmounts(...lines.map((line) => line.amount)),
    lines,
    events: { rated: of('rated'), pending: of('pending'), unrated: of('unrated'), parked: of('parked') },
  };
}
