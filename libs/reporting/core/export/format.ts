// What a format of export is: which files it has and how each is written out of rows that stream by. A format is one file
// of code with its columns and row function, one line in the registry and one golden file. Nothing in a format may
// depend on when or where it runs: the same closed month gives the same bytes for ever.
import type { ChargeRows } from '../charge-row.js';
import type { Directory } from '../directory.js';
import type { UsageRows } from '../usage-row.js';
import type { ExportOptions } from './options.js';

/** What all files of an export say in the same words. */
export interface ExportContext {
  readonly directory: Directory;
  readonly options: ExportOptions;
  /** How a vendor is called in a report, by its name in the price book; null: of what is no vendor's price. */
  readonly vendorOf: (provider: string | null) => VendorNames;
}

/** A vendor's public names. */
export interface VendorNames {
  readonly name: string;
  readonly service: string;
}

/** A finding of reconciliation, as the workbook shows it. */
export interface ReconciliationLine {
  readonly day: string;
  readonly subject: string;
  readonly ours: string;
  readonly theirs: string;
  readonly difference: string;
  readonly kind: string;
}

/** Where rows come from. Each call reads anew, out of the same snapshot. */
export interface ExportSources {
  charges(): ChargeRows;
  usage(): UsageRows;
  reconciliation(): Promise<readonly ReconciliationLine[]>;
}

/** One file of an export. */
export interface ExportFile {
  readonly name: string;
  readonly contentType: string;
  /** Pieces in order; pulled one by one, so that a slow disk slows the reading. */
  readonly pieces: () => AsyncIterable<string | Uint8Array>;
}

/** A format. */
export interface ExportFormat {
  readonly id: string;
  /** Grows when the same month would give other bytes; stands in the manifest. */
  readonly version: number;
  readonly describes: string;
  files(context: ExportContext, sources: ExportSources): readonly ExportFile[];
}

/** The beginning of every file name: `trunkline-2026-11` or, of a month that is not closed, `...-PRELIMINARY`. */
export function fileStem({ directory }: ExportContext, preliminary: boolean): string {
  return `trunkline-${directory.period}${preliminary ? '-PRELIMINARY' : ''}`;
}
