// The workbook that finance opens: what its sheets hold, as plain cells. Sums by cost centre and by tenant and SKU, which
// fit into memory whatever the month; details are for CSV and Parquet. Cells are made while they are written, row by row.
// Writing a spreadsheet of it is for the adapter.
import {
  addAmounts,
  formatAmount,
  negateAmount,
  roundAmount,
  ZERO,
  type AmountPico,
  type TenantId,
} from '@trunkline/kernel';
import { CENTS, totalInCents } from '../cents.js';
import { isMetered, type ChargeRow, type MeteredRow } from '../charge-row.js';
import { UNASSIGNED } from '../cost-centre.js';
import { costCentreOfRow, entryOf, isPreliminary, type Directory } from '../directory.js';
import { quotientText } from './decimals.js';
import type { ExportContext, ReconciliationLine } from './format.js';
import { meterWordsOf, type MeterWords } from './meter-words.js';

/** How many decimals a number is shown with. */
export type WorkbookDecimals = 0 | 2 | 6;

/** A cell. Numbers are plain decimals in text: nothing of ours makes a double of them. */
export type WorkbookCell =
  | string
  | null
  | { readonly number: string; readonly decimals: WorkbookDecimals }
  | { readonly day: string }
  | { readonly strong: string };

/** Cells from left to right. */
export type WorkbookRow = readonly WorkbookCell[];

/** A sheet; the first row is the header, frozen and with a filter where `isTable`. */
export interface WorkbookSheet {
  readonly name: string;
  readonly isTable: boolean;
  /** Of its columns, in characters. */
  readonly widths: readonly number[];
  /** Made one by one; each reading makes them anew. */
  readonly rows: Iterable<WorkbookRow>;
  /** Columns whose header stands over numbers, from 0. */
  readonly numbers: readonly number[];
  /** The last rows, in bold: outside of the filter, so that they stay where they are whatever is sorted. */
  readonly totals: readonly WorkbookRow[];
}

/** More lines than this are not for a spreadsheet. */
export const WORKBOOK_LINES_MAX = 100_000;

/** The month has more lines than a workbook should hold. */
export class WorkbookTooLarge extends Error {
  override readonly name = 'WorkbookTooLarge';
}

const SHOWN_DECIMALS: WorkbookDecimals = 6;
const MICRO = 1_000_000n;
/** Beside a total in cents: finance adds up what is printed, so the total is the sum of rounded lines (ADR 105). */
const ROUNDING_OF_CENTS = 'Rounding of cents';

interface Sum {
  readonly charge: AmountPico;
  readonly cost: AmountPico;
}
type SkuWords = MeterWords & { readonly model: string };
// What the sheet shows and no more: a hundred thousand of them must fit into memory.
interface SkuSum extends Sum {
  readonly tenantId: TenantId;
  readonly words: SkuWords;
  readonly evidence: string;
  readonly quantityMicro: bigint;
}

/** Gathers rows; keeps sums. */
export class WorkbookBuilder {
  readonly #centres = new Map<string, Sum>();
  readonly #skus = new Map<string, SkuSum>();
  readonly #adjustments: WorkbookRow[] = [];
  readonly #words = new Map<string, SkuWords>();
  readonly #tenantIds: ReadonlyMap<string, TenantId>;

  constructor(private readonly context: ExportContext) {
    this.#tenantIds = new Map([...context.directory.tenants.keys()].map((id) => [id, id]));
  }

  /** Takes a row. @throws WorkbookTooLarge */
  add(row: ChargeRow): void {
    if (row.kind !== 'prepayment') {
      const code = costCentreOfRow(this.context.directory, row)?.code ?? UNASSIGNED;
      this.#centres.set(code, plus(this.#centres.get(code), row.charge, row.cost));
    }
    if (isMetered(row)) this.#addSku(row);
    if (row.kind !== 'usage') this.#adjustments.push(adjustmentOf(row, this.context.directory));
    if (this.#skus.size + this.#adjustments.length > WORKBOOK_LINES_MAX)
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
      table('Adjustments', [12, 14, 24, 16, 36, 16, 16, 40, 20, 34, 34], ADJUSTMENT_HEADER, {
        lines: () => this.#adjustments,
        numbers: [5, 6],
      }),
      reconciled(reconciliation),
      notes(directory),
    ];
  }

  #addSku(row: MeteredRow): void {
    const key = JSON.stringify([row.tenantId, row.model, row.meter, row.evidence, row.billing === 'not_billed']);
    const former = this.#skus.get(key);
    const quantityMicro = (former?.quantityMicro ?? 0n) + row.quantityMicro;
    const sum = plus(former, row.charge, row.cost);
    this.#skus.set(key, { ...(former ?? this.#skuOf(row)), quantityMicro, ...sum });
  }

  #skuOf(row: MeteredRow): Pick<SkuSum, 'tenantId' | 'words' | 'evidence'> {
    return {
      tenantId: this.#tenantIds.get(row.tenantId) ?? row.tenantId,
      words: this.#wordsOf(row),
      evidence: row.billing === 'not_billed' ? 'estimated, not billed' : row.evidence,
    };
  }

  // A text of a row holds on to all of the row it was read in: what many lines share is kept once.
  #wordsOf(row: MeteredRow): SkuWords {
    const price = row.chargePrice ?? row.listPrice;
    const key = JSON.stringify([row.model, row.meter, price?.provider, price?.model]);
    const words = this.#words.get(key) ?? { ...meterWordsOf(row), model: row.model };
    this.#words.set(key, words);
    return words;
  }

  #summary(): WorkbookSheet {
    const { directory } = this.context;
    const total = sumOf(this.#centres.values());
    const { cents, rounding } = totalInCents(chargesOf(this.#centres.values()));
    const lines: WorkbookRow[] = [
      ['Status', { strong: isPreliminary(directory) ? 'PRELIMINARY' : 'FINAL' }],
      ['Company', directory.company.name],
      ['Period', directory.period],
      ['Time zone', directory.company.timeZone],
      ['Currency', 'USD'],
      ['Charged', money(total.charge)],
      ['Charged, exact', exactly(total.charge)],
      ['Charged, in cents', money(cents, CENTS)],
      [ROUNDING_OF_CENTS, exactly(rounding)],
      ['Provider cost', money(total.cost)],
      ['Provider cost, exact', exactly(total.cost)],
      ['Margin', money(margin(total))],
      ['Tenants', { number: String(directory.tenants.size), decimals: 0 }],
    ];
    const header = ['Tenant', 'Month', 'Tenant id', 'Close id'].map((strong) => ({ strong }));
    const standings = [...directory.tenants].map(([id, { name, standing }]) => [
      name,
      standing.status,
      id,
      standing.closeId,
    ]);
    const rows = [...lines, [], header, ...standings];
    return { name: 'Summary', isTable: false, widths: [32, 28, 34, 68], rows, numbers: [], totals: [] };
  }

  #costCentres(): WorkbookSheet {
    const lineOf = ([code, sum]: readonly [string, Sum]): WorkbookRow => {
      // A centre that was renamed while tenants closed the month one after the other has both names in it: each close kept its own.
      const centres = [...this.context.directory.tenants.values()].flatMap((each) => each.costCentres.get(code) ?? []);
      const said = (what: 'name' | 'owner' | 'glAccount'): string | null =>
        centres.length === 0 ? null : [...new Set(centres.map((each) => each[what]))].join(' / ');
      return [
        code,
        said('name') ?? 'belongs to no cost centre',
        said('owner'),
        said('glAccount') ?? UNASSIGNED,
        money(sum.charge),
        exactly(sum.charge),
        money(sum.charge, CENTS),
        money(sum.cost),
      ];
    };
    const header = ['Cost centre', 'Name', 'Owner', 'GL account', 'Charge', 'Charge, exact', 'Charge, cents', 'Cost'];
    const lines = [...this.#centres].sort(byKey).map(lineOf);
    const { charge, cost } = sumOf(this.#centres.values());
    const { cents, rounding } = totalInCents(chargesOf(this.#centres.values()));
    const total = ['Total', null, null, null, money(charge), exactly(charge), money(cents, CENTS), money(cost)];
    const rounded = [ROUNDING_OF_CENTS, null, null, null, money(rounding), exactly(rounding), null, null];
    return table('Cost centres', [18, 28, 20, 14, 16, 26, 14, 16], header, {
      lines: () => lines,
      numbers: [4, 6, 7],
      totals: [total, rounded],
    });
  }

  #tenantSkus(): WorkbookSheet {
    const { directory } = this.context;
    const sorted = [...this.#skus].sort(byKey);
    const lineOf = ({ tenantId, words, evidence, quantityMicro, ...sum }: SkuSum): WorkbookRow => [
      entryOf(directory, tenantId).name,
      tenantId,
      words.model,
      words.skuId,
      words.modality,
      words.direction,
      words.cache,
      evidence,
      {
        number: quotientText(quantityMicro, MICRO, SHOWN_DECIMALS).text,
        decimals: quantityMicro % MICRO === 0n ? 0 : SHOWN_DECIMALS,
      },
      words.unit,
      money(sum.charge),
      exactly(sum.charge),
      money(sum.cost),
      money(margin(sum)),
    ];
    const header = [
      ...['Tenant', 'Tenant id', 'Model', 'SKU', 'Modality', 'Direction', 'Cache', 'Evidence', 'Quantity', 'Unit'],
      ...['Charge', 'Charge, exact', 'Cost', 'Margin'],
    ];
    const all = sumOf(this.#skus.values());
    const nothing = Array.from({ length: 9 }, () => null);
    const sums = [money(all.charge), exactly(all.charge), money(all.cost), money(margin(all))];
    return table('Tenant x SKU', [24, 32, 22, 40, 10, 10, 10, 12, 20, 10, 16, 26, 16, 16], header, {
      *lines() {
        for (const [, sum] of sorted) yield lineOf(sum);
      },
      numbers: [8, 10, 12, 13],
      totals: [['Total', ...nothing, ...sums]],
    });
  }
}

const ADJUSTMENT_HEADER = 'Day,Kind,Tenant,Month of usage,Meter,Amount,Cost,Reason,By,Ledger id,Corrects'.split(',');

function adjustmentOf(row: ChargeRow, directory: Directory): WorkbookRow {
  return [
    { day: row.day },
    row.kind,
    entryOf(directory, row.tenantId).name,
    row.usagePeriod,
    isMetered(row) ? `${row.model} ${row.meter}` : null,
    money(isMetered(row) || row.kind !== 'prepayment' ? row.charge : row.total),
    money(row.cost),
    row.booking?.reason ?? null,
    row.booking?.actor ?? null,
    row.booking?.id ?? null,
    row.booking?.correctsId ?? null,
  ];
}

function reconciled(lines: readonly ReconciliationLine[]): WorkbookSheet {
  const header = ['Day', 'What', 'Ours', 'Theirs', 'Difference', 'Class'];
  const rows = lines.map(({ day, subject, ours, theirs, difference, kind }): WorkbookRow => [
    { day },
    subject,
    ours,
    theirs,
    difference,
    kind,
  ]);
  return table('Reconciliation', [12, 48, 20, 20, 20, 20], header, { lines: () => rows, numbers: [] });
}

function notes({ company, period }: Directory): WorkbookSheet {
  const lines = [
    `Period ${period} begins and ends at midnight in ${company.timeZone}; days are days there.`,
    'Charge: what tenants are charged. Cost: what the vendor charges, at its list. Margin: the difference.',
    'Amounts are exact sums of ledger lines, shown to six decimals; the exact figure stands beside as text.',
    'A figure in cents is rounded once, half away from zero. A total in cents is the sum of the figures above it:',
    'what that adds to the exact total is "Rounding of cents".',
    'Corrections are of months that were closed when they were booked; they are part of this month.',
    'Prepayments are money received: listed under Adjustments, not part of any charge.',
    'Tenant x SKU has usage alone: its total and what is booked by hand, under Adjustments, make what is charged.',
    'Adjustments: Amount is what tenants are charged more, Cost what the vendor charges more. Statements have no Cost.',
    'PRELIMINARY: some tenant is not closed for the period, and figures may change.',
    'A close id is the head of the hash chain over all bookings of the tenant and month.',
  ];
  return { name: 'Notes', isTable: false, widths: [110], rows: lines.map((line) => [line]), numbers: [], totals: [] };
}

interface TableBody {
  readonly lines: () => Iterable<WorkbookRow>;
  readonly numbers: readonly number[];
  readonly totals?: readonly WorkbookRow[];
}

function table(name: string, widths: readonly number[], header: WorkbookRow, body: TableBody): WorkbookSheet {
  const { lines, numbers, totals = [] } = body;
  const rows = {
    *[Symbol.iterator](): Iterator<WorkbookRow> {
      yield header;
      yield* lines();
    },
  };
  return { name, isTable: true, widths, rows, numbers, totals };
}

function sumOf(sums: Iterable<Sum>): Sum {
  let total = none();
  for (const { charge, cost } of sums) total = plus(total, charge, cost);
  return total;
}

function* chargesOf(sums: Iterable<Sum>): Iterable<AmountPico> {
  for (const { charge } of sums) yield charge;
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

function money(amount: AmountPico, decimals: WorkbookDecimals = SHOWN_DECIMALS): WorkbookCell {
  return { number: formatAmount(roundAmount(amount, decimals)), decimals };
}

function exactly(amount: AmountPico): string {
  return `USD ${formatAmount(amount)}`;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
