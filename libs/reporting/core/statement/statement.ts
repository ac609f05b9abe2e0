// A statement: what a tenant, or a cost centre, owes for a month, line by line, so that each line can be checked with pencil
// and paper. Each line is rounded to cents once, half away from zero; totals are sums of rounded lines, and the exact sum
// and what rounding changed stand beside them. What is no plain usage has sections of its own and is never mixed in.
import {
  addAmounts,
  negateAmount,
  roundAmount,
  ZERO,
  type AmountPico,
  type ApiKeyId,
  type TenantId,
} from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import {
  isMetered,
  type AppliedPrice,
  type Booking,
  type ChargeRow,
  type ManualRow,
  type MeteredRow,
} from '../charge-row.js';
import { CENTS } from '../cents.js';
import { costCentreOfRow, entryOf, isPreliminary, type Directory } from '../directory.js';
import type { CostCentre } from '../cost-centre.js';

/** Whose statement it is; `costCentre` null: what belongs to none. */
export type StatementScope =
  | { readonly kind: 'tenant'; readonly tenantId: TenantId }
  | { readonly kind: 'cost_centre'; readonly costCentre: CostCentre | null };

/** Sections of metered lines, in the order in which they are shown. */
export const METERED_SECTIONS = ['usage', 'estimates', 'not_billed', 'corrections'] as const;
export type MeteredSection = (typeof METERED_SECTIONS)[number];
/** Sections of bookings by hand. Prepaid money, paid in and used, is shown and not summed: it is no charge. */
export const MANUAL_SECTIONS = ['adjustment', 'credit', 'prepayment'] as const;

/** One line: `quantity x price / per`, summed exactly and rounded once. */
export interface MeteredLine {
  readonly section: MeteredSection;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  /** As the app asked for it; the price may be that of its family. */
  readonly model: string;
  readonly meter: string;
  readonly price: AppliedPrice | null;
  /** Of a correction: the month it is about, and why. */
  readonly usagePeriod: Period;
  readonly reason: string | null;
  readonly quantityMicro: bigint;
  readonly exact: AmountPico;
  readonly rounded: AmountPico;
}

/** One booking by hand. */
export interface ManualLine {
  readonly section: ManualRow['kind'];
  readonly tenantId: TenantId;
  /** The company's day on which it was booked. */
  readonly day: string;
  /** The month that it is about. */
  readonly usagePeriod: Period;
  readonly booking: Booking;
  readonly exact: AmountPico;
  readonly rounded: AmountPico;
}

/** A tenant's prepaid money over the month. `opening + received - used = closing`. */
export interface PrepaidBalance {
  /** Before the month. */
  readonly opening: AmountPico;
  /** Paid in, less what was taken back. */
  readonly received: AmountPico;
  /** Of it for what is owed: at the close, or when somebody says so. */
  readonly used: AmountPico;
  readonly closing: AmountPico;
}

/** Sums of a section or of all. `exact + rounding = rounded`. */
export interface StatementTotal {
  readonly exact: AmountPico;
  readonly rounded: AmountPico;
  readonly rounding: AmountPico;
}

/** A statement. */
export interface Statement {
  readonly scope: StatementScope;
  readonly directory: Directory;
  /** Some month in it is not closed: figures may change. */
  readonly preliminary: boolean;
  readonly metered: readonly MeteredLine[];
  readonly manual: readonly ManualLine[];
  readonly sections: ReadonlyMap<MeteredSection | ManualRow['kind'], StatementTotal>;
  /** What is owed: all sections but prepayments. */
  readonly total: StatementTotal;
  /** Of a tenant that ever paid before it used; null for others, and for cost centres: money is prepaid by tenants. */
  readonly prepaid: PrepaidBalance | null;
}

/** Gathers rows into a statement; keeps lines, not rows, so that a month of any size fits. */
export class StatementBuilder {
  readonly #metered = new Map<string, MeteredLine>();
  readonly #manual: ManualLine[] = [];
  #received: AmountPico = ZERO;
  #used: AmountPico = ZERO;

  /** @param prepaidBefore what the tenant had prepaid before the month; nothing for a cost centre. */
  constructor(
    private readonly scope: StatementScope,
    private readonly directory: Directory,
    private readonly prepaidBefore: AmountPico = ZERO,
  ) {}

  /** Takes a row; one that is not of the scope is passed over. */
  add(row: ChargeRow): void {
    if (!this.#isMine(row)) return;
    if (isMetered(row)) this.#addMetered(row);
    else this.#addManual(row);
  }

  /** The statement of what was added. */
  build(): Statement {
    const metered = [...this.#metered.values()]
      .map((line) => ({ ...line, rounded: roundAmount(line.exact, CENTS) }))
      .sort((a, b) => compare(orderOf(a), orderOf(b)));
    const manual = this.#manual;
    const sections = new Map(
      [...METERED_SECTIONS, ...MANUAL_SECTIONS].map((section) => [
        section,
        totalOf([...metered, ...manual].filter((line) => line.section === section)),
      ]),
    );
    return {
      scope: this.scope,
      directory: this.directory,
      preliminary: isPreliminary(this.directory),
      metered,
      manual,
      sections,
      total: totalOf([...metered, ...manual].filter((line) => line.section !== 'prepayment')),
      prepaid: this.#prepaid(),
    };
  }

  #prepaid(): PrepaidBalance | null {
    const isPrepaid = this.prepaidBefore !== ZERO || this.#manual.some(({ section }) => section === 'prepayment');
    if (this.scope.kind !== 'tenant' || !isPrepaid) return null;
    const [opening, received, used] = [this.prepaidBefore, this.#received, this.#used];
    return { opening, received, used, closing: addAmounts(opening, received, negateAmount(used)) };
  }

  // What is used of prepaid money lessens what the tenant owes; what is paid in does not.
  #addManual(row: ManualRow): void {
    // A booking of the vendor's side is nothing to who pays.
    if (row.cost !== ZERO) return;
    this.#manual.push(manualLineOf(row));
    if (row.kind !== 'prepayment') return;
    if (row.charge === ZERO) this.#received = addAmounts(this.#received, row.total);
    else this.#used = addAmounts(this.#used, negateAmount(row.total));
  }

  #isMine(row: ChargeRow): boolean {
    if (this.scope.kind === 'tenant') return row.tenantId === this.scope.tenantId;
    return costCentreOfRow(this.directory, row)?.code === this.scope.costCentre?.code;
  }

  #addMetered(row: MeteredRow): void {
    // What the vendor's cost was corrected by is nothing to who pays for it as before.
    if (row.billing === 'cost_only') return;
    const line = lineOf(row);
    const key = orderOf(line);
    const former = this.#metered.get(key);
    const quantityMicro = (former?.quantityMicro ?? 0n) + row.quantityMicro;
    const exact = addAmounts(former?.exact ?? ZERO, row.charge);
    this.#metered.set(key, { ...line, quantityMicro, exact });
  }
}

function lineOf(row: MeteredRow): MeteredLine {
  const { tenantId, keyId, model, meter, usagePeriod, chargePrice, quantityMicro } = row;
  return {
    section: sectionOf(row),
    tenantId,
    keyId,
    model,
    meter,
    price: chargePrice,
    usagePeriod,
    reason: row.booking?.reason ?? null,
    quantityMicro,
    exact: row.charge,
    rounded: ZERO,
  };
}

function sectionOf({ kind, evidence, billing }: MeteredRow): MeteredSection {
  if (billing === 'not_billed') return 'not_billed';
  if (kind === 'correction') return 'corrections';
  return evidence === 'estimated' ? 'estimates' : 'usage';
}

// What a correction takes back and what it puts in its place stay two lines.
function orderOf(line: MeteredLine): string {
  const { section, tenantId, usagePeriod, model, meter, keyId, price, reason, quantityMicro } = line;
  const sign = section === 'corrections' && quantityMicro < 0n ? '-' : '+';
  const rank = METERED_SECTIONS.indexOf(section);
  return JSON.stringify([rank, tenantId, usagePeriod, model, meter, keyId, price?.id ?? null, reason, sign]);
}

function manualLineOf({ kind, tenantId, day, usagePeriod, booking, charge, total }: ManualRow): ManualLine {
  const exact = kind === 'prepayment' ? total : charge;
  return { section: kind, tenantId, day, usagePeriod, booking, exact, rounded: roundAmount(exact, CENTS) };
}

function totalOf(lines: readonly { readonly exact: AmountPico; readonly rounded: AmountPico }[]): StatementTotal {
  const exact = addAmounts(...lines.map((line) => line.exact));
  const rounded = addAmounts(...lines.map((line) => line.rounded));
  return { exact, rounded, rounding: addAmounts(rounded, negateAmount(exact)) };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Names of a tenant and a key, as the statement shows them. */
export function namesOf(directory: Directory, line: { readonly tenantId: TenantId; readonly keyId?: ApiKeyId | null }) {
  const { name, keys } = entryOf(directory, line.tenantId);
  const keyId = line.keyId ?? null;
  return { tenant: name, key: keyId === null ? null : (keys.get(keyId) ?? null) };
}
