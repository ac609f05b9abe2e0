// The workbook as an .xlsx file. Real numbers and dates; text is written as text, so nothing in a name is ever run. The
// archive is packed again with one fixed date: a workbook made twice has the same bytes.
import type { Stream } from 'node:stream';
import { unzipSync, zipSync, type Zippable } from 'fflate';
import writeWorkbook, { type Feature, type SheetData } from 'write-excel-file/node';
import {
  fileStem,
  isPreliminary,
  WorkbookBuilder,
  type ExportFormat,
  type WorkbookCell,
  type WorkbookSheet,
} from '../../index.js';

const MIME = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
// The first moment that an archive can hold.
const PACKED_AT = new Date(1980, 0, 1);

/** The workbook. */
export const xlsxFormat: ExportFormat = {
  id: 'xlsx',
  version: 1,
  describes: 'workbook for finance: summary, cost centres, tenant x SKU, adjustments, reconciliation, notes',
  files: (context, sources) => [
    {
      name: `${fileStem(context, isPreliminary(context.directory))}.xlsx`,
      contentType: MIME,
      async *pieces() {
        const builder = new WorkbookBuilder(context);
        for await (const batch of sources.charges()) for (const row of batch) builder.add(row);
        yield await workbookBytes(builder.sheets(await sources.reconciliation()));
      },
    },
  ],
};

/** Sheets as a file; the same sheets give the same bytes. */
export async function workbookBytes(sheets: readonly WorkbookSheet[]): Promise<Uint8Array> {
  const written = await writeWorkbook(
    sheets.map(({ name, isTable, widths, rows }) => ({
      sheet: name,
      data: rows.map((row, i) => row.map((cell) => cellOf(cell, isTable && i === 0))),
      columns: widths.map((width) => ({ width })),
      ...(isTable ? { stickyRowsCount: 1 } : {}),
    })),
    { features: [autoFilter(sheets)] },
  ).toBuffer();
  const files: Zippable = {};
  for (const [name, bytes] of Object.entries(unzipSync(written))) files[name] = [bytes, { mtime: PACKED_AT }];
  return zipSync(files);
}

function cellOf(cell: WorkbookCell, isHeader: boolean): SheetData[number][number] {
  if (cell === null) return null;
  if (typeof cell === 'string')
    return isHeader ? { value: cell, type: String, fontWeight: 'bold' } : { value: cell, type: String };
  if ('day' in cell) return { value: new Date(`${cell.day}T00:00:00Z`), type: Date, format: 'yyyy-mm-dd' };
  const format = cell.decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(2)}${'#'.repeat(cell.decimals - 2)}`;
  return { value: Number(cell.number), type: Number, format };
}

// What the library takes as the content of a file.
type FileContent = Stream | Buffer | Blob;

/** A filter over each table. The library has none of its own; this is its way to add one. */
function autoFilter(sheets: readonly WorkbookSheet[]): Feature<FileContent> {
  return {
    files: {
      transform: {
        'xl/worksheets/sheet{id}.xml': {
          transform(xml, _options, { sheetIndex }) {
            const sheet = sheets[sheetIndex];
            const columns = sheet?.rows[0]?.length ?? 0;
            if (!sheet?.isTable || columns === 0) return xml;
            const range = `A1:${String.fromCharCode(64 + columns)}${sheet.rows.length}`;
            return xml.replace('</sheetData>', `</sheetData><autoFilter ref="${range}"/>`);
          },
        },
      },
    },
  };
}
