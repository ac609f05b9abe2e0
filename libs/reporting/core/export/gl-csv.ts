// What the general ledger takes over: one line per cost centre and tenant, rounded to cents once, so that the lines are the
// sum. Prepayments are not in it: they are booked when the money arrives.
import { addAmounts, formatAmount, roundAmount, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { ChargeRows } from '../charge-row.js';
import { UNASSIGNED, type CostCentre } from '../cost-centre.js';
import { costCentreOfRow, entryOf, isPreliminary, type Directory } from '../directory.js';
import { csvOf, MACHINE, type Column } from './csv.js';
import { fileStem, type ExportContext, type ExportFormat } from './format.js';

const CENTS = 2;

interface GlLine {
  readonly centre: CostCentre | null;
  readonly tenantId: TenantId;
  readonly exact: AmountPico;
}

/** The file for the general ledger. */
export const glFormat: ExportFormat = {
  id: 'gl',
  version: 1,
  describes: 'for the general ledger: cost centre, account, amount, period, description, tenant, reference',
  files: (context, sources) => [
    {
      name: `${fileStem(context, isPreliminary(context.directory))}-gl.csv`,
      contentType: 'text/csv; charset=utf-8',
      pieces: () => csvOf(glLines(sources.charges(), context.directory), glColumns(context), MACHINE),
    },
  ],
};

async function* glLines(rows: ChargeRows, directory: Directory): AsyncIterable<readonly GlLine[]> {
  const sums = new Map<string, GlLine>();
  for await (const batch of rows)
    for (const row of batch) {
      if (row.kind === 'prepayment') continue;
      const centre = costCentreOfRow(directory, row);
      // Nothing sorts after the marker, so what belongs to nobody stands last.
      const key = `${centre?.code ?? '\uffff'} ${row.tenantId}`;
      const exact = addAmounts(sums.get(key)?.exact ?? ZERO, row.charge);
      sums.set(key, { centre, tenantId: row.tenantId, exact });
    }
  yield [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

function glColumns({ directory }: ExportContext): readonly Column<GlLine>[] {
  const text = (name: string, value: (line: GlLine) => string): Column<GlLine> => ({ name, kind: 'text', value });
  const status = ({ tenantId }: GlLine): string =>
    entryOf(directory, tenantId).standing.status === 'closed' ? 'FINAL' : 'PRELIMINARY';
  return [
    text('cost_centre', ({ centre }) => centre?.code ?? UNASSIGNED),
    text('gl_account', ({ centre }) => centre?.glAccount ?? UNASSIGNED),
    { name: 'amount', kind: 'decimal', value: ({ exact }) => centsText(exact) },
    text('currency', () => 'USD'),
    text('period', () => directory.period),
    text('description', (line) => `Voice usage ${entryOf(directory, line.tenantId).name} ${directory.period}`),
    text('tenant', ({ tenantId }) => entryOf(directory, tenantId).name),
    text('tenant_id', ({ tenantId }) => tenantId),
    text('reference', (line) => `${directory.period}/${entryOf(directory, line.tenantId).slug}`),
    text('status', status),
    { name: 'amount_exact', kind: 'decimal', value: ({ exact }) => formatAmount(exact) },
  ];
}

/** An amount in cents, always with two decimals. */
export function centsText(exact: AmountPico): string {
  const text = formatAmount(roundAmount(exact, CENTS));
  const [whole = '0', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(CENTS, '0')}`;
}
