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
const BOLD_STYLE: Readonly<Record<WorkbookDecimals, number>> = {
  ...{ 0: STYLE.boldWhole, 2: STYLE.boldCents, 6: STYLE.boldMicros },
};
// On paper: A4 across, as wide as the page and as many pages long as it takes, with the file's name (which says whether it is
// preliminary), the sheet's, and the number of the page.
const PRINT =
  '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.7" header="0.3" footer="0.3"/>' +
  '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>' +
  '<headerFooter><oddFooter>&amp;L&amp;F&amp;C&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter>';

/** The parts of the sheet's file in order. @param isFirst the one that is shown when the workbook is opened */
export function* sheetXml(sheet: WorkbookSheet, isFirst: boolean): Iterable<string> {
  const { isTable, widths, rows, numbers, totals } = sheet;
  yield `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="${NAMESPACE}">`;
  yield '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>';
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
    if (isTable && count === 1)
      yield rowXml(
        row.map((cell, i) => headerOf(cell, numbers.includes(i))),
        count,
        false,
      );
    else yield rowXml(row, count, false);
  }
  for (const [i, total] of totals.entries()) yield rowXml(total, count + 1 + i, true);
  yield '</sheetData>';
  if (isTable && cellsOfHeader > 0) yield `<autoFilter ref="A1:${columnName(cellsOfHeader - 1)}${count}"/>`;
  yield `${PRINT}</worksheet>`;
}

type Styled = WorkbookCell | { readonly heading: string };

function headerOf(cell: WorkbookCell, isOverNumbers: boolean): Styled {
  if (typeof cell !== 'string') return cell;
  return isOverNumbers ? { heading: cell } : { strong: cell };
}

function rowXml(row: readonly Styled[], count: number, isBold: boolean): string {
  return `<row r="${count}">${row.map((cell, i) => cellXml(cell, columnName(i) + count, isBold)).join('')}</row>`;
}

function cellXml(cell: Styled, place: string, isBold: boolean): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return textXml(cell, place, isBold ? STYLE.bold : STYLE.plain);
  if ('strong' in cell) return textXml(cell.strong, place, STYLE.bold);
  if ('heading' in cell) return textXml(cell.heading, place, STYLE.boldRight);
  if ('day' in cell) {
    const days = Date.parse(`${cell.day}T00:00:00Z`) / DAY_MS + DAYS_BEFORE_1970;
    return `<c r="${place}" s="${STYLE.day}"><v>${days}</v></c>`;
  }
  return `<c r="${place}" s="${(isBold ? BOLD_STYLE : NUMBER_STYLE)[cell.decimals]}"><v>${cell.number}</v></c>`;
}

function textXml(text: string, place: string, style: number): string {
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapedXml(text)}</t></is></c>`;
}

// Sheets of ours have fewer than 26 columns.
function columnName(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
