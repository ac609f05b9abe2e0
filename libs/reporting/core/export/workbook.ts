// The workbook that finance opens: what its sheets hold, as plain cells. Sums by cost centre and by tenant and SKU, which
// fit into memory whatever the month; details are for CSV and Parquet. Writing a spreadsheet of it is for the adapter.
import { addAmounts, formatAmount, negateAmount, roundAmount, ZERO, type AmountPico } from '@trunkline/kernel';
import { isMetered, type ChargeRow, type ManualRow, type MeteredRow } from '../charge-row.js';
import { UNASSIGNED } from '../cost-centre.js';
import { costCentreOfRow, entryOf, isPreliminary, type Directory } from '../directory.js';
import { quotientText } from './decimals.js';
import type { ExportContext, ReconciliationLine } from './format.js';
import { meterWordsOf } from './meter-words.js';

/** A cell. Numbers carry their decimals as text: only the writer makes a double of it. */
export type WorkbookCell =
  string | null | { readonly number: string; readonly decimals: number } | { readonly day: string };

/** A sheet; the first row is the header, frozen and with a filter where `isTable`. */
export interface WorkbookSheet {
  readonly name: string;
  readonly isTable: boolean;
  readonly widths: readonly number[];
  readonly rows: readonly (readonly WorkbookCell[])[];
}

/** More lines than this are not for a spreadsheet. */
export const WORKBOOK_LINES_MAX = 100_000;

/** The month has more lines than a workbook should hold. */
export class WorkbookTooLarge extends Error {
  override readonly name = 'WorkbookTooLarge';
}

const SHOWN_DECIMALS = 6;
const CENTS = 2;
const MICRO = 1_000_000n;

interface Sum {
  readonly charge: AmountPico;
  readonly cost: AmountPico;
}
interface SkuSum extends Sum {
  readonly row: MeteredRow;
  readonly quantityMicro: bigint;
}

/** Gathers rows; keeps sums. */
export class WorkbookBuilder {
  readonly #centres = new Map<string, Sum>();
  readonly #skus = new Map<string, SkuSum>();
  readonly #manual: (ManualRow | MeteredRow)[] = [];

  constructor(private readonly context: ExportContext) {}

  /** Takes a row. @throws WorkbookTooLarge */
  add(row: ChargeRow): void {
    const cost = isMetered(row) ? row.cost : ZERO;
    if (row.kind !== 'prepayment') {
      const code = costCentreOfRow(this.context.directory, row)?.code ?? UNASSIGNED;
      this.#centres.set(code, plus(this.#centres.get(code), row.charge, cost));
    }
    if (isMetered(row)) this.#addSku(row);
    if (row.kind !== 'usage') this.#manual.push(row);
    if (this.#skus.size + this.#manual.length > WORKBOOK_LINES_MAX)
      throw new WorkbookTooLarge(
        `the month has more than ${WORKBOOK_LINES_MAX} lines for a workbook: export it as csv or usage-parquet`,
      );
  }

  /** The sheets. */
  sheets(reconciliation: readonly ReconciliationLine[]): readonly WorkbookSheet[] {
    const { directory } = this.context;
    return [
      this.#summary(),
      this.#costCentres(),
      this.#tenantSkus(),
      adjustments(this.#manual, directory),
      reconciled(reconciliation),
      notes(directory),
    ];
  }

  #addSku(row: MeteredRow): void {
    const key = JSON.stringify([row.tenantId, row.model, row.meter, row.evidence, row.chargePrice === null]);
    const former = this.#skus.get(key);
    const quantityMicro = (former?.quantityMicro ?? 0n) + row.quantityMicro;
    this.#skus.set(key, { row: former?.row ?? row, quantityMicro, ...plus(former, row.charge, row.cost) });
  }

  #summary(): WorkbookSheet {
    const { directory } = this.context;
    const total = [...this.#centres.values()].reduce((sum, each) => plus(sum, each.charge, each.cost), none());
    const lines: (readonly WorkbookCell[])[] = [
      ['Status', isPreliminary(directory) ? 'PRELIMINARY' : 'FINAL'],
      ['Company', directory.company.name],
      ['Period', directory.period],
      ['Time zone', directory.company.timeZone],
      ['Currency', 'USD'],
      ['Charged', money(total.charge)],
      ['Charged, exact', exactly(total.charge)],
      ['Charged, in cents', money(total.charge, CENTS)],
      ['Provider cost', money(total.cost)],
      ['Provider cost, exact', exactly(total.cost)],
      ['Margin', money(margin(total))],
      ['Tenants', { number: String(directory.tenants.size), decimals: 0 }],
    ];
    const standings = [...directory.tenants].map(([id, { name, standing }]) => [
      `Tenant ${name}`,
      standing.status,
      id,
      standing.closeId,
    ]);
    return { name: 'Summary', isTable: false, widths: [28, 28, 34, 68], rows: [...lines, ...standings] };
  }

  #costCentres(): WorkbookSheet {
    const centres = new Map(
      [...this.context.directory.tenants.values()].flatMap(({ costCentres }) => [...costCentres]),
    );
    const lines = [...this.#centres].sort(byKey).map(([code, sum]): readonly WorkbookCell[] => {
      const centre = centres.get(code);
      return [
        code,
        centre?.name ?? 'belongs to no cost centre',
        centre?.owner ?? null,
        centre?.glAccount ?? UNASSIGNED,
        money(sum.charge),
        exactly(sum.charge),
        money(sum.charge, CENTS),
        money(sum.cost),
      ];
    });
    const header = ['Cost centre', 'Name', 'Owner', 'GL account', 'Charge', 'Charge, exact', 'Charge, cents', 'Cost'];
    return table('Cost centres', [16, 28, 20, 14, 16, 26, 14, 16], [header, ...lines]);
  }

  #tenantSkus(): WorkbookSheet {
    const lines = [...this.#skus].sort(byKey).map(([, { row, quantityMicro, ...sum }]): readonly WorkbookCell[] => {
      const words = meterWordsOf(row);
      return [
        entryOf(this.context.directory, row.tenantId).name,
        row.tenantId,
        row.model,
        words.skuId,
        words.modality,
        words.direction,
        words.cache,
        row.chargePrice === null ? 'estimated, not billed' : row.evidence,
        { number: quotientText(quantityMicro, MICRO, SHOWN_DECIMALS).text, decimals: SHOWN_DECIMALS },
        words.unit,
        money(sum.charge),
        exactly(sum.charge),
        money(sum.cost),
        money(margin(sum)),
      ];
    });
    const header = [
      ...['Tenant', 'Tenant id', 'Model', 'SKU', 'Modality', 'Direction', 'Cache', 'Evidence', 'Quantity', 'Unit'],
      ...['Charge', 'Charge, exact', 'Cost', 'Margin'],
    ];
    return table('Tenant x SKU', [24, 32, 22, 40, 10, 10, 10, 12, 16, 10, 14, 26, 14, 14], [header, ...lines]);
  }
}

function adjustments(rows: readonly (ManualRow | MeteredRow)[], directory: Directory): WorkbookSheet {
  const lines = rows.map((row): readonly WorkbookCell[] => [
    { day: row.day },
    row.kind,
    entryOf(directory, row.tenantId).name,
    row.usagePeriod,
    isMetered(row) ? `${row.model} ${row.meter}` : null,
    money(isMetered(row) || row.kind !== 'prepayment' ? row.charge : row.total),
    row.booking?.reason ?? null,
    row.booking?.actor ?? null,
    row.booking?.id ?? null,
    row.booking?.correctsId ?? null,
  ]);
  const header = [
    'Day',
    'Kind',
    'Tenant',
    'Month of usage',
    'Meter',
    'Amount',
    'Reason',
    'By',
    'Ledger id',
    'Corrects',
  ];
  return table('Adjustments', [12, 14, 24, 14, 30, 14, 40, 20, 34, 34], [header, ...lines]);
}

function reconciled(lines: readonly ReconciliationLine[]): WorkbookSheet {
  const header = ['Day', 'What', 'Ours', 'Theirs', 'Difference', 'Class'];
  const rows = lines.map(({ day, subject, ours, theirs, difference, kind }): readonly WorkbookCell[] => [
    { day },
    subject,
    ours,
    theirs,
    difference,
    kind,
  ]);
  return table('Reconciliation', [12, 48, 20, 20, 20, 20], [header, ...rows]);
}

function notes({ company, period }: Directory): WorkbookSheet {
  const lines = [
    `Period ${period} begins and ends at midnight in ${company.timeZone}; days are days there.`,
    'Charge: what tenants are charged. Cost: what the vendor charges, at its list. Margin: the difference.',
    'Amounts are exact sums of ledger lines, shown to six decimals; the exact figure stands beside as text.',
    'A figure in cents is rounded once, half away from zero.',
    'Corrections are of months that were closed when they were booked; they are part of this month.',
    'Prepayments are money received: listed under Adjustments, not part of any charge.',
    'PRELIMINARY: some tenant is not closed for the period, and figures may change.',
    'A close id is the head of the hash chain over all bookings of the tenant and month.',
  ];
  return { name: 'Notes', isTable: false, widths: [110], rows: lines.map((line) => [line]) };
}

function table(name: string, widths: readonly number[], rows: WorkbookSheet['rows']): WorkbookSheet {
  return { name, isTable: true, widths, rows };
}

function none(): Sum {
  return { charge: ZERO, cost: ZERO };
}

function plus(sum: Sum | undefined, charge: AmountPico, cost: AmountPico): Sum {
  return { charge: addAmounts(sum?.charge ?? ZERO, charge), cost: addAmounts(sum?.cost ?? ZERO, cost) };
}

function margin({ charge, cost }: Sum): AmountPico {
  return addAmounts(charge, negateAmount(cost));
}

function money(amount: AmountPico, decimals = SHOWN_DECIMALS): WorkbookCell {
  return { number: formatAmount(roundAmount(amount, decimals)), decimals };
}

function exactly(amount: AmountPico): string {
  return `USD ${formatAmount(amount)}`;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
