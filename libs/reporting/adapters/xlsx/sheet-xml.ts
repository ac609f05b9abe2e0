// One sheet as XML (ECMA-376, SpreadsheetML), row by row. Numbers are written as the decimals that they are; text stands in
// its cell as text, so nothing in a name is ever run, and no table of all texts has to be held.
import type { WorkbookCell, WorkbookDecimals, WorkbookSheet } from '../../index.js';
import { escapedXml } from './escaped-xml.js';
import { STYLE } from './fixed-parts.js';

const NAMESPACE = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const DAY_MS = 86_400_000;
// Days are counted from 30 December 1899.
const DAYS_BEFORE_1970 = 25_569;
const NUMBER_STYLE: Readonly<Record<WorkbookDecimals, number>> = { 0: STYLE.whole, 2: STYLE.cents, 6: STYLE.micros };

/** The parts of the sheet's file in order. @param isFirst the one that is shown when the workbook is opened */
export function* sheetXml({ isTable, widths, rows }: WorkbookSheet, isFirst: boolean): Iterable<string> {
  yield `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="${NAMESPACE}">`;
  const pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>';
  const selected = isFirst ? ' tabSelected="1"' : '';
  yield `<sheetViews><sheetView${selected} workbookViewId="0">${isTable ? pane : ''}</sheetView></sheetViews>`;
  const columns = widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`);
  yield `<cols>${columns.join('')}</cols><sheetData>`;
  let count = 0;
  let cellsOfHeader = 0;
  for (const row of rows) {
    count += 1;
    if (count === 1) cellsOfHeader = row.length;
    const isHeader = isTable && count === 1;
    yield `<row r="${count}">${row.map((cell, i) => cellXml(cell, columnName(i) + count, isHeader)).join('')}</row>`;
  }
  yield '</sheetData>';
  if (isTable && cellsOfHeader > 0) yield `<autoFilter ref="A1:${columnName(cellsOfHeader - 1)}${count}"/>`;
  yield '</worksheet>';
}

function cellXml(cell: WorkbookCell, place: string, isHeader: boolean): string {
  if (cell === null) return '';
  if (typeof cell === 'string') {
    const style = isHeader ? STYLE.bold : STYLE.plain;
    return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapedXml(cell)}</t></is></c>`;
  }
  if ('day' in cell) {
    const days = Date.parse(`${cell.day}T00:00:00Z`) / DAY_MS + DAYS_BEFORE_1970;
    return `<c r="${place}" s="${STYLE.day}"><v>${days}</v></c>`;
  }
  return `<c r="${place}" s="${NUMBER_STYLE[cell.decimals]}"><v>${cell.number}</v></c>`;
}

// Sheets of ours have fewer than 26 columns.
function columnName(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
