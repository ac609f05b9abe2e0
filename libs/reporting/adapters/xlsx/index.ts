// The workbook as an .xlsx file, written row by row into an archive that leaves as it fills: memory holds the sums and a
// piece of a sheet, never a sheet. Our own writing, since the libraries that write .xlsx either hold all of it or date it by
// the clock.
import { fileStem, isPreliminary, WorkbookBuilder, type ExportFormat, type WorkbookSheet } from '../../index.js';
import { fixedParts, sheetPath } from './fixed-parts.js';
import { sheetXml } from './sheet-xml.js';
import { zipped, type ArchivePart } from './zipped.js';

const MIME = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** The workbook. */
export const xlsxFormat: ExportFormat = {
  id: 'xlsx',
  version: 5,
  describes: 'workbook for finance: summary, cost centres, tenant x SKU, adjustments, reconciliation, notes',
  files: (context, sources) => [
    {
      name: `${fileStem(context, isPreliminary(context.directory))}.xlsx`,
      contentType: MIME,
      async *pieces() {
        const builder = new WorkbookBuilder(context);
        for await (const batch of sources.charges()) for (const row of batch) builder.add(row);
        yield* workbookBytes(builder.sheets(await sources.reconciliation()));
      },
    },
  ],
};

/** Sheets as a file, in pieces; the same sheets give the same bytes. */
export function workbookBytes(sheets: readonly WorkbookSheet[]): Iterable<Uint8Array> {
  const parts: ArchivePart[] = sheets.map((sheet, i) => ({ path: sheetPath(i), text: sheetXml(sheet, i === 0) }));
  return zipped([...fixedParts(sheets), ...parts]);
}
