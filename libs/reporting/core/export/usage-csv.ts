// Every usage event of a month as it was booked, in chain order: for those who want to check us line by line.
import { formatAmount } from '@trunkline/kernel';
import { METERS } from '@trunkline/metering';
import { isPreliminary } from '../directory.js';
import type { UsageRow } from '../usage-row.js';
import { csvOf, MACHINE, type Column } from './csv.js';
import { fileStem, type ExportFormat } from './format.js';

/**
 * Columns of a usage event; one for each meter, and what no meter of this release is in one of its own. A new meter is a
 * new column: the version of both formats grows with it (the golden file notices).
 */
export const USAGE_COLUMNS: readonly Column<UsageRow>[] = [
  text('tenant_id', (row) => row.tenantId),
  { name: 'chain_sequence', kind: 'integer', value: (row) => row.chainSequence },
  text('ledger_id', (row) => row.ledgerId),
  text('usage_event_id', (row) => row.usageEventId),
  text('kind', (row) => row.kind),
  { name: 'revision', kind: 'integer', value: (row) => row.revision },
  text('period', (row) => row.period),
  text('usage_period', (row) => row.usagePeriod),
  { name: 'occurred_at', kind: 'instant', value: (row) => row.occurredAt },
  text('key_id', (row) => row.keyId),
  text('session_id', (row) => row.sessionId),
  text('pool_id', (row) => row.poolId),
  text('model', (row) => row.model),
  text('evidence', (row) => row.evidence),
  text('caused_by', (row) => row.causedBy),
  ...Object.keys(METERS).map((meter): Column<UsageRow> => ({
    name: meter,
    kind: 'decimal',
    value: (row) => row.quantities.get(meter) ?? null,
  })),
  text('other_meters', otherMeters),
  { name: 'charge', kind: 'decimal', value: (row) => formatAmount(row.charge) },
  { name: 'provider_cost', kind: 'decimal', value: (row) => formatAmount(row.cost) },
  text('currency', () => 'USD'),
  text('corrects_ledger_id', (row) => row.correctsId),
];

/** As CSV. */
export const usageCsvFormat: ExportFormat = {
  id: 'usage-csv',
  version: 2,
  describes: 'every usage event as CSV',
  files: (context, sources) => [
    {
      name: `${fileStem(context, isPreliminary(context.directory))}-usage.csv`,
      contentType: 'text/csv; charset=utf-8',
      pieces: () => csvOf(sources.usage(), USAGE_COLUMNS, MACHINE),
    },
  ],
};

function text(name: string, value: Column<UsageRow>['value']): Column<UsageRow> {
  return { name, kind: 'text', value };
}

function otherMeters({ quantities }: UsageRow): string | null {
  let others: string | null = null;
  for (const [meter, quantity] of quantities)
    if (!Object.hasOwn(METERS, meter)) others = `${others === null ? '' : `${others};`}${meter}=${quantity}`;
  return others;
}
