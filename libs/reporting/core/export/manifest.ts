// What an export says about itself: its files with their hashes, and control totals that must equal the books. Holds
// nothing that differs when the same closed month is exported again.
import { addAmounts, formatAmount, ZERO, type AmountPico } from '@trunkline/kernel';
import { z } from 'zod';
import type { ChargeRow, ChargeRows } from '../charge-row.js';
import { UNASSIGNED } from '../cost-centre.js';
import { costCentreOfRow, isPreliminary } from '../directory.js';
import type { UsageRows } from '../usage-row.js';
import type { ExportContext, ExportFormat, ExportSources } from './format.js';

const fileShape = z.object({ name: z.string(), contentType: z.string(), bytes: z.number(), sha256: z.string() });

/** As it is stored, and as manifest.json says it. Amounts are decimals in text. */
export const ExportManifest = z.object({
  format: z.string(),
  formatVersion: z.number(),
  period: z.string(),
  tenantId: z.string().nullable(),
  options: z.record(z.string(), z.unknown()),
  status: z.enum(['PRELIMINARY', 'FINAL']),
  /** The close that each tenant's figures rest on; null: not closed. */
  closes: z.record(z.string(), z.string().nullable()),
  files: z.array(fileShape),
  /** Rows read from the books. */
  rows: z.number(),
  totals: z.record(z.string(), z.object({ charge: z.string(), providerCost: z.string() })),
  /** Charge by cost centre. Empty where rows have none (single usage events). */
  costCentres: z.record(z.string(), z.string()),
});
export type ExportManifest = z.infer<typeof ExportManifest>;
export type ExportedFile = z.infer<typeof fileShape>;

/** Sums what passes by, once, on its way from the books into the files. */
export class ControlTotals {
  #charge: AmountPico = ZERO;
  #cost: AmountPico = ZERO;
  readonly #centres = new Map<string, AmountPico>();
  rows = 0;

  constructor(
    private readonly context: ExportContext,
    private readonly onRows: (rows: number) => void = () => undefined,
  ) {}

  /** The same sources, watched. */
  watch(sources: ExportSources): ExportSources {
    return {
      charges: () => this.#charges(sources.charges()),
      usage: () => this.#usage(sources.usage()),
      reconciliation: () => sources.reconciliation(),
    };
  }

  /** What was summed. */
  result(): Pick<ExportManifest, 'rows' | 'totals' | 'costCentres'> {
    const centres = [...this.#centres].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      rows: this.rows,
      totals: { USD: { charge: formatAmount(this.#charge), providerCost: formatAmount(this.#cost) } },
      costCentres: Object.fromEntries(centres.map(([code, charge]) => [code, formatAmount(charge)])),
    };
  }

  async *#charges(rows: ChargeRows): ChargeRows {
    for await (const batch of rows) {
      for (const row of batch) this.#addCharge(row);
      this.#count(batch.length);
      yield batch;
    }
  }

  async *#usage(rows: UsageRows): UsageRows {
    for await (const batch of rows) {
      for (const { charge, cost } of batch) this.#add(charge, cost);
      this.#count(batch.length);
      yield batch;
    }
  }

  #addCharge(row: ChargeRow): void {
    if (row.kind === 'prepayment') return;
    this.#add(row.charge, row.cost);
    const code = costCentreOfRow(this.context.directory, row)?.code ?? UNASSIGNED;
    this.#centres.set(code, addAmounts(this.#centres.get(code) ?? ZERO, row.charge));
  }

  #add(charge: AmountPico, cost: AmountPico): void {
    this.#charge = addAmounts(this.#charge, charge);
    this.#cost = addAmounts(this.#cost, cost);
  }

  #count(rows: number): void {
    this.rows += rows;
    this.onRows(this.rows);
  }
}

/** The manifest of files that were written. */
export function manifestOf(
  format: ExportFormat,
  { directory, options }: ExportContext,
  written: {
    readonly tenantId: string | null;
    readonly files: readonly ExportedFile[];
    readonly totals: ControlTotals;
  },
): ExportManifest {
  const closes = [...directory.tenants].map(([id, { standing }]) => [id, standing.closeId] as const);
  return {
    format: format.id,
    formatVersion: format.version,
    period: directory.period,
    tenantId: written.tenantId,
    options,
    status: isPreliminary(directory) ? 'PRELIMINARY' : 'FINAL',
    closes: Object.fromEntries(closes),
    files: [...written.files],
    ...written.totals.result(),
  };
}

/** As bytes are hashed: the keys in the order of the shape. */
export function manifestText(manifest: ExportManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
