// What the general ledger takes over: one line per cost centre and tenant, rounded to cents once, and a line that brings their
// sum to the month's total in cents, so that the file is balanced to the cent. Prepayments are not in it: they are booked
// when the money arrives.
import {
  addAmounts,
  formatAmount,
  negateAmount,
  roundAmount,
  ZERO,
  type AmountPico,
  type TenantId,
} from '@trunkline/kernel';
import type { ChargeRows } from '../charge-row.js';
import { CENTS, centsText, totalInCents } from '../cents.js';
import { ROUNDING, UNASSIGNED, type CostCentre } from '../cost-centre.js';
import { costCentreOfRow, entryOf, isPreliminary, type Directory } from '../directory.js';
import { csvOf, MACHINE, type Column } from './csv.js';
import { fileStem, type ExportContext, type ExportFormat } from './format.js';

/** What is booked where; of no tenant: the rounding of all others. */
interface GlLine {
  readonly centre: Pick<CostCentre, 'code' | 'glAccount'> | null;
  readonly tenantId: TenantId | null;
  readonly exact: AmountPico;
  readonly cents: AmountPico;
}

/** The file for the general ledger. */
export const glFormat: ExportFormat = {
  id: 'gl',
  version: 2,
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
      refuseReserved(centre);
      // Nothing sorts after the marker, so what belongs to nobody stands last.
      const key = `${centre?.code ?? '\uffff'} ${row.tenantId}`;
      const exact = addAmounts(sums.get(key)?.exact ?? ZERO, row.charge);
      sums.set(key, { centre, tenantId: row.tenantId, exact, cents: roundAmount(exact, CENTS) });
    }
  const lines = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  yield lines;
  const rounding = roundingOf(lines);
  if (rounding.cents !== ZERO) yield [rounding];
}

// No centre may be called so, but one made by a release that did not know the line might be: whoever maps it would book its
// charges as differences of rounding.
function refuseReserved(centre: CostCentre | null): void {
  if (centre === null) return;
  const { code, glAccount } = centre;
  if (code.toUpperCase() === ROUNDING)
    throw new Error(
      `cost centre ${code} has the name of the line that rounds: make another, assign to it what is ${code}'s from the same day on, and export again`,
    );
  if (glAccount.toUpperCase() === ROUNDING)
    throw new Error(
      `cost centre ${code} has the account ${glAccount}, which is of the line that rounds: give it another, and export again`,
    );
}

// What the books have is rounded once; a ledger that books the lines alone would drift from them by a cent here and there.
function roundingOf(lines: readonly GlLine[]): GlLine {
  const { exact, cents } = totalInCents(lines.map((line) => line.exact));
  const centre = { code: ROUNDING, glAccount: ROUNDING };
  return { centre, tenantId: null, exact: ZERO, cents: addAmounts(roundAmount(exact, CENTS), negateAmount(cents)) };
}

function glColumns({ directory }: ExportContext): readonly Column<GlLine>[] {
  const text = (name: string, value: (line: GlLine) => string): Column<GlLine> => ({ name, kind: 'text', value });
  const entry = ({ tenantId }: GlLine) => (tenantId === null ? null : entryOf(directory, tenantId));
  const isFinal = (line: GlLine): boolean =>
    line.tenantId === null ? !isPreliminary(directory) : entry(line)?.standing.status === 'closed';
  const description = (line: GlLine): string => {
    const name = entry(line)?.name;
    return name === undefined ? `Rounding of cents ${directory.period}` : `Voice usage ${name} ${directory.period}`;
  };
  return [
    text('cost_centre', ({ centre }) => centre?.code ?? UNASSIGNED),
    text('gl_account', ({ centre }) => centre?.glAccount ?? UNASSIGNED),
    { name: 'amount', kind: 'decimal', value: ({ cents }) => centsText(cents) },
    text('currency', () => 'USD'),
    text('period', () => directory.period),
    text('description', description),
    text('tenant', (line) => entry(line)?.name ?? ''),
    text('tenant_id', ({ tenantId }) => tenantId ?? ''),
    text('reference', (line) => `${directory.period}/${entry(line)?.slug ?? 'rounding'}`),
    text('status', (line) => (isFinal(line) ? 'FINAL' : 'PRELIMINARY')),
    { name: 'amount_exact', kind: 'decimal', value: ({ exact }) => formatAmount(exact) },
  ];
}
