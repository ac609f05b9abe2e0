// The charges of a month as a plain table, in both CSV profiles: one row per tenant, key, day, meter and pair of prices.
// The Excel profile shows money to six decimals, as many as a spreadsheet keeps, and the exact figure beside it as text.
import { formatAmount, roundAmount, ZERO, type AmountPico } from '@trunkline/kernel';
import { pricingUnitOf } from '@trunkline/rating';
import { isMetered, type AppliedPrice, type ChargeRow, type ChargeRows } from '../charge-row.js';
import { UNASSIGNED } from '../cost-centre.js';
import { costCentreOfRow, entryOf, isPreliminary } from '../directory.js';
import { csvOf, MACHINE, type Column, type CsvProfile } from './csv.js';
import { quotientText } from './decimals.js';
import { instant } from './focus-columns.js';
import { fileStem, type ExportContext, type ExportFile, type ExportFormat } from './format.js';
import { meterWordsOf } from './meter-words.js';

const EXCEL_DECIMALS = 6;
const MICRO = 1_000_000n;

type ChargeColumn = Column<ChargeRow>;

/** For programs. */
export const machineCsvFormat: ExportFormat = {
  id: 'csv',
  version: 3,
  describes: 'charges as CSV for programs: UTF-8, RFC 4180, exact decimals',
  files: (context, sources) => [chargesFile('charges', sources.charges(), { context, profile: MACHINE })],
};

/** For people with a spreadsheet. */
export const excelCsvFormat: ExportFormat = {
  id: 'excel-csv',
  version: 3,
  describes: 'charges as CSV for Excel: byte order mark, separator and decimal sign to choose',
  files(context, sources) {
    const { separator, decimalComma } = context.options;
    const profile = { byteOrderMark: true, separator, decimalComma, guardFormulas: true };
    return [chargesFile('charges-excel', sources.charges(), { context, profile })];
  },
};

function chargesFile(
  name: string,
  rows: ChargeRows,
  { context, profile }: { readonly context: ExportContext; readonly profile: CsvProfile },
): ExportFile {
  const forPeople = profile.guardFormulas;
  return {
    name: `${fileStem(context, isPreliminary(context.directory))}-${name}.csv`,
    contentType: 'text/csv; charset=utf-8',
    pieces: () => csvOf(rows, chargeColumns(context, forPeople), profile),
  };
}

/** The columns. @param forPeople money in six decimals, the exact figure beside it. */
export function chargeColumns(context: ExportContext, forPeople: boolean): readonly ChargeColumn[] {
  const text = (name: string, value: ChargeColumn['value']): ChargeColumn => ({ name, kind: 'text', value });
  const money = (name: string, value: (row: ChargeRow) => AmountPico | null): readonly ChargeColumn[] =>
    moneyColumns(name, value, forPeople);
  return [
    text('status', (row) => (standingOf(context, row).status === 'closed' ? 'FINAL' : 'PRELIMINARY')),
    text('period', (row) => row.period),
    text('usage_period', (row) => row.usagePeriod),
    { name: 'day', kind: 'day', value: (row) => row.day },
    { name: 'from_utc', kind: 'instant', value: (row) => instant(row.fromMs) },
    text('tenant_id', (row) => row.tenantId),
    text('tenant', (row) => entryOf(context.directory, row.tenantId).name),
    text('key_id', (row) => (isMetered(row) ? row.keyId : null)),
    text('key', (row) => keyName(context, row)),
    text('cost_centre', (row) => costCentreOfRow(context.directory, row)?.code ?? UNASSIGNED),
    text('kind', kindOf),
    text('model', (row) => (isMetered(row) ? row.model : null)),
    text('sku', (row) => (isMetered(row) ? meterWordsOf(row).skuId : null)),
    text('modality', (row) => (isMetered(row) ? meterWordsOf(row).modality : null)),
    text('direction', (row) => (isMetered(row) ? meterWordsOf(row).direction : null)),
    text('cache', (row) => (isMetered(row) ? meterWordsOf(row).cache : null)),
    text('evidence', (row) => (isMetered(row) ? row.evidence : null)),
    { name: 'quantity', kind: 'decimal', value: quantityOf },
    text('unit', (row) => (isMetered(row) ? meterWordsOf(row).unit : null)),
    ...priceColumns('price', (row) => (isMetered(row) ? row.chargePrice : null)),
    ...priceColumns('list_price', (row) => (isMetered(row) ? row.listPrice : null)),
    ...money('charge', (row) => (row.kind === 'prepayment' ? ZERO : row.charge)),
    ...money('provider_cost', costOf),
    // Paid in, or with a minus used. No charge, so that the column of charges adds up to the manifest's total.
    ...money('prepaid', (row) => (row.kind === 'prepayment' ? row.total : null)),
    text('currency', () => 'USD'),
    { name: 'events', kind: 'integer', value: (row) => (isMetered(row) ? String(row.events) : null) },
    text('ledger_id', (row) => row.booking?.id ?? null),
    text('corrects_ledger_id', (row) => row.booking?.correctsId ?? null),
    text('reason', (row) => row.booking?.reason ?? null),
    text('actor', (row) => row.booking?.actor ?? null),
    text('close_id', (row) => standingOf(context, row).closeId),
  ];
}

function moneyColumns(
  name: string,
  value: (row: ChargeRow) => AmountPico | null,
  forPeople: boolean,
): readonly ChargeColumn[] {
  const exact = (row: ChargeRow): string | null => {
    const amount = value(row);
    return amount === null ? null : formatAmount(amount);
  };
  if (!forPeople) return [{ name, kind: 'decimal', value: exact }];
  const shown = (row: ChargeRow): string | null => {
    const amount = value(row);
    return amount === null ? null : formatAmount(roundAmount(amount, EXCEL_DECIMALS));
  };
  // The currency keeps a spreadsheet from making a number of it, which would lose digits.
  const asText = (row: ChargeRow): string | null => {
    const amount = exact(row);
    return amount === null ? null : `USD ${amount}`;
  };
  return [
    { name, kind: 'decimal', value: shown },
    { name: `${name}_exact`, kind: 'text', value: asText },
  ];
}

function priceColumns(name: string, price: (row: ChargeRow) => AppliedPrice | null): readonly ChargeColumn[] {
  const of =
    (show: (price: AppliedPrice) => string) =>
    (row: ChargeRow): string | null => {
      const applied = price(row);
      return applied === null ? null : show(applied);
    };
  return [
    { name, kind: 'decimal', value: of((each) => formatAmount(each.price)) },
    { name: `${name}_per`, kind: 'text', value: of((each) => pricingUnitOf(each.unit)) },
    { name: `${name}_version`, kind: 'text', value: of((each) => each.id) },
  ];
}

function standingOf({ directory }: ExportContext, row: ChargeRow) {
  return entryOf(directory, row.tenantId).standing;
}

function keyName({ directory }: ExportContext, row: ChargeRow): string | null {
  if (!isMetered(row) || row.keyId === null) return null;
  return entryOf(directory, row.tenantId).keys.get(row.keyId) ?? null;
}

function kindOf(row: ChargeRow): string {
  return isMetered(row) && row.billing === 'not_billed' ? 'estimated_not_billed' : row.kind;
}

// Nothing where it could not be another: of a booking of the tenant's side.
function costOf(row: ChargeRow): AmountPico | null {
  return isMetered(row) || row.cost !== ZERO ? row.cost : null;
}

function quantityOf(row: ChargeRow): string | null {
  return isMetered(row) ? quotientText(row.quantityMicro, MICRO, EXCEL_DECIMALS).text : null;
}
