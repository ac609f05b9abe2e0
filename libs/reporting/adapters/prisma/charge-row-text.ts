// Copied columns as charge rows. Positions are those of the SELECT in charge-rows.ts; a column that is not what it must
// be stops the export: better none than a wrong one.
import { parseAmount, trustedId, type AmountPico } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import type { Evidence } from '@trunkline/metering';
import { PRICE_UNITS, type PriceUnit } from '@trunkline/rating';
import type { CopiedRow } from '@trunkline/platform/database';
import {
  BILLINGS,
  type AppliedPrice,
  type Billing,
  type ChargeRow,
  type ManualRow,
  type MeteredRow,
} from '../../index.js';

/** The database answered something that cannot be. Always a bug, or a database that was changed by hand. */
export class UnreadableBooks extends Error {
  override readonly name = 'UnreadableBooks';
}

const MANUAL_KIND = 32;
const BILLING = 34;

/** A row of either kind. @throws UnreadableBooks */
export function chargeRowOf(row: CopiedRow): ChargeRow {
  return row[MANUAL_KIND] === null ? meteredRowOf(row) : manualRowOf(row);
}

function meteredRowOf(row: CopiedRow): MeteredRow {
  const period = periodAt(row, 1);
  const usagePeriod = periodAt(row, 2);
  const booking = row[28] ?? null;
  return {
    kind: usagePeriod < period ? 'correction' : 'usage',
    tenantId: trustedId('tnt', textAt(row, 0)),
    period,
    usagePeriod,
    day: textAt(row, 3),
    fromMs: Number(textAt(row, 4)),
    toMs: Number(textAt(row, 5)),
    keyId: row[6] === null || row[6] === undefined ? null : trustedId('key', row[6]),
    model: textAt(row, 7),
    meter: textAt(row, 8),
    evidence: evidenceAt(row, 9),
    billing: billingAt(row, BILLING),
    chargePrice: priceAt(row, 10),
    listPrice: priceAt(row, 17),
    quantityMicro: microAt(row, 24),
    charge: amountAt(row, 25),
    cost: amountAt(row, 26),
    events: Number(textAt(row, 27)),
    booking:
      booking === null
        ? null
        : { id: booking, correctsId: row[29] ?? null, reason: row[30] ?? null, actor: row[31] ?? null },
  };
}

function manualRowOf(row: CopiedRow): ManualRow {
  const atMs = Number(textAt(row, 4));
  return {
    kind: manualKindAt(row, MANUAL_KIND),
    tenantId: trustedId('tnt', textAt(row, 0)),
    period: periodAt(row, 1),
    usagePeriod: periodAt(row, 2),
    day: textAt(row, 3),
    fromMs: atMs,
    toMs: atMs,
    booking: {
      id: textAt(row, 28),
      correctsId: row[29] ?? null,
      reason: row[30] ?? null,
      actor: row[31] ?? null,
    },
    total: amountAt(row, 24),
    charge: amountAt(row, 25),
    cost: amountAt(row, 26),
  };
}

/** A column that is there. @throws UnreadableBooks */
export function textAt(row: CopiedRow, column: number): string {
  const text = row[column];
  if (text === null || text === undefined) throw new UnreadableBooks(`column ${column} is empty in ${row.join('|')}`);
  return text;
}

/** An amount. @throws UnreadableBooks */
export function amountAt(row: CopiedRow, column: number): AmountPico {
  return amountOf(textAt(row, column));
}

/** `0.352000000000` as an amount. @throws UnreadableBooks */
export function amountOf(text: string): AmountPico {
  const amount = parseAmount(text);
  if (amount === null) throw new UnreadableBooks(`"${text}" is not an amount`);
  return amount;
}

/** `132.500000` as 132500000 millionths. */
export function microOf(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6})0*)?$/.exec(text);
  if (!match) throw new UnreadableBooks(`"${text}" is not a quantity`);
  const magnitude = BigInt(`${match[2] ?? '0'}${(match[3] ?? '').padEnd(6, '0')}`);
  return match[1] === '-' ? -magnitude : magnitude;
}

const PLAIN_QUANTITY = /^-?\d+(?:\.\d{1,6})?$/;

/** A quantity as it is written, without trailing zeros: `132`, `7.5`. @throws UnreadableBooks */
export function quantityOfText(text: string): string {
  if (!PLAIN_QUANTITY.test(text)) throw new UnreadableBooks(`"${text}" is not a quantity`);
  return text;
}

function microAt(row: CopiedRow, column: number): bigint {
  return microOf(textAt(row, column));
}

/** `2026-11`. */
export function periodOfText(text: string): Period {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new UnreadableBooks(`"${text}" is not a period`);
  return text as Period;
}

/** A period. @throws UnreadableBooks */
export function periodAt(row: CopiedRow, column: number): Period {
  return periodOfText(textAt(row, column));
}

function evidenceAt(row: CopiedRow, column: number): Evidence {
  const text = textAt(row, column);
  if (text !== 'reported' && text !== 'estimated') throw new UnreadableBooks(`"${text}" is not an evidence`);
  return text;
}

function billingAt(row: CopiedRow, column: number): Billing {
  const text = textAt(row, column);
  const billing = BILLINGS.find((known) => known === text);
  if (billing === undefined) throw new UnreadableBooks(`"${text}" is no way of billing`);
  return billing;
}

function manualKindAt(row: CopiedRow, column: number): ManualRow['kind'] {
  const text = textAt(row, column);
  if (text === 'adjustment' || text === 'credit' || text === 'prepayment') return text;
  throw new UnreadableBooks(`"${text}" is a kind of booking that this release does not know`);
}

function priceAt(row: CopiedRow, first: number): AppliedPrice | null {
  const id = row[first];
  if (id === null || id === undefined) return null;
  return {
    id: trustedId('pv', id),
    provider: textAt(row, first + 1),
    model: textAt(row, first + 2),
    serviceTier: textAt(row, first + 3),
    unit: unitAt(row, first + 4),
    price: amountAt(row, first + 5),
    per: BigInt(textAt(row, first + 6)),
  };
}

function unitAt(row: CopiedRow, column: number): PriceUnit {
  const text = textAt(row, column);
  const unit = PRICE_UNITS.find((known) => known === text);
  if (unit === undefined) throw new UnreadableBooks(`"${text}" is a unit of price that this release does not know`);
  return unit;
}
