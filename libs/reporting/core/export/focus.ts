// FOCUS: Cost and Usage with metadata, and its Billing Period dataset. One row per tenant, key, day, meter
// and pair of prices, so that quantity x unit price = cost. Prepayments are money received and no charge: they are in the
// statement and the workbook, not here.
import type { ChargeRow, ChargeRows } from '../charge-row.js';
import { isPreliminary, type Directory } from '../directory.js';
import { csvHeader, csvLine, csvOf, MACHINE, type Column } from './csv.js';
import { focusColumns, focusRowOf, instant, type FocusColumn, type FocusRow } from './focus-columns.js';
import { fileStem, type ExportContext, type ExportFormat } from './format.js';

const CSV = 'text/csv; charset=utf-8';

/** Cost and Usage, Billing Period, metadata. */
export const focusFormat: ExportFormat = {
  id: 'focus',
  version: 3,
  describes: 'FOCUS Cost and Usage, for FinOps tools; with Billing Period and metadata',
  files(context, sources) {
    const version = context.options.focusVersion;
    const stem = `${fileStem(context, isPreliminary(context.directory))}-focus-${version}`;
    const columns = focusColumns(version);
    return [
      {
        name: `${stem}-cost-and-usage.csv`,
        contentType: CSV,
        pieces: () => csvOf(focusRows(sources.charges(), context), columns.map(csvColumn), MACHINE),
      },
      { name: `${stem}-billing-period.csv`, contentType: CSV, pieces: () => once(billingPeriod(context.directory)) },
      {
        name: `${stem}-metadata.json`,
        contentType: 'application/json',
        pieces: () => once(`${JSON.stringify(metadata(context, columns), null, 2)}\n`),
      },
    ];
  },
};

async function* focusRows(rows: ChargeRows, context: ExportContext): AsyncIterable<readonly FocusRow[]> {
  for await (const batch of rows)
    yield batch.filter((row: ChargeRow) => row.kind !== 'prepayment').map((row) => focusRowOf(row, context));
}

function csvColumn({ name, type, value }: FocusColumn): Column<FocusRow> {
  return { name, kind: 'text', value: type === 'Decimal' ? (row) => withPoint(value(row)) : value };
}

// CSV has no types, and who reads it (FOCUS's own validator too) takes a column of whole numbers for integers.
function withPoint(decimal: string | null): string | null {
  return decimal === null || decimal.includes('.') ? decimal : `${decimal}.0`;
}

/** The one line of the Billing Period dataset: open until every tenant in the file is closed. */
function billingPeriod(directory: Directory): string {
  const columns: Column<Directory>[] = [
    { name: 'BillingPeriodCreated', kind: 'instant', value: ({ fromMs }) => instant(fromMs) },
    { name: 'BillingPeriodEnd', kind: 'instant', value: ({ toMs }) => instant(toMs) },
    { name: 'BillingPeriodLastUpdated', kind: 'instant', value: (each) => instant(lastUpdatedMs(each)) },
    { name: 'BillingPeriodStart', kind: 'instant', value: ({ fromMs }) => instant(fromMs) },
    { name: 'BillingPeriodStatus', kind: 'text', value: (each) => (isPreliminary(each) ? 'Open' : 'Closed') },
    { name: 'InvoiceIssuerName', kind: 'text', value: ({ company }) => company.name },
  ];
  return csvHeader(columns, MACHINE) + csvLine(directory, columns, MACHINE);
}

// When a column of the record last changed. A status of FOCUS is open or closed: it changes once, with the last tenant that
// is closed. Until then the record is as it was made; a soft close, or the close of some, changes nothing in it.
function lastUpdatedMs(directory: Directory): number {
  if (isPreliminary(directory)) return directory.fromMs;
  return Math.max(...[...directory.tenants.values()].map(({ standing }) => standing.changedAtMs ?? directory.fromMs));
}

function metadata(context: ExportContext, columns: readonly FocusColumn[]): object {
  const version = context.options.focusVersion;
  const { company, period } = context.directory;
  return {
    DataGenerator: 'Trunkline',
    FocusVersion: version,
    Dataset: 'CostAndUsage',
    SchemaId: `trunkline-focus-${version}-${focusFormat.version}`,
    BillingPeriod: period,
    DeliveryHandling: isPreliminary(context.directory) ? 'Overwrite' : 'Append',
    Preliminary: isPreliminary(context.directory),
    TimeZoneOfBillingPeriods: company.timeZone,
    ColumnDefinition: columns.map(({ name, type, nulls }) => ({
      ColumnName: name,
      DataType: type,
      AllowsNulls: nulls,
      ...(type === 'Decimal' ? { NumericPrecision: 38, NumericScale: name === 'PricingQuantity' ? 18 : 12 } : {}),
      ...(type === 'JSON' ? { StringEncoding: 'UTF-8', ProviderTagPrefixes: ['x_'] } : {}),
    })),
    Remarks:
      'A charge period is a day of the time zone above. Costs of prices per minute are rounded per event, half to even, ' +
      'at the twelfth decimal; all other costs are exactly quantity x unit price.',
  };
}

async function* once(text: string): AsyncIterable<string> {
  yield text;
}
