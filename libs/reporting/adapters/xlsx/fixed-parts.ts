// What an .xlsx archive holds beside its sheets (ECMA-376, Open Packaging Conventions): which files there are, what they are
// to each other, and the few styles that our cells have.
import type { WorkbookSheet } from '../../index.js';
import { escapedXml } from './escaped-xml.js';
import type { ArchivePart } from './zipped.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const SPREADSHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const RELATION = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const CONTENT = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** How a cell may look: its place in the list of cell formats. */
export const STYLE = {
  ...{ plain: 0, bold: 1, day: 2, whole: 3, cents: 4, micros: 5 },
  // Over numbers, and sums of them.
  ...{ boldRight: 6, boldWhole: 7, boldCents: 8, boldMicros: 9 },
} as const;

// How numbers are shown, from the style `day` on. Ids from 164 on are free for a file's own.
// All decimals of a column are shown, so that its points stand below each other; `_)` keeps them off the text to the right.
const NUMBER_FORMATS = ['yyyy-mm-dd', '#,##0_)', '#,##0.00_)', '#,##0.000000_)'];
const FIRST_FORMAT_ID = 164;
const LEFT = '<alignment horizontal="left"/>';
const RIGHT = '<alignment horizontal="right"/>';

/** Where a sheet is, by its place from 0. */
export function sheetPath(index: number): string {
  return `xl/worksheets/sheet${index + 1}.xml`;
}

/** What these parts say of a sheet. */
export type ListedSheet = Pick<WorkbookSheet, 'name' | 'isTable'>;

/** Everything but the sheets, which are given in their order. */
export function fixedParts(sheets: readonly ListedSheet[]): readonly ArchivePart[] {
  return [
    part('[Content_Types].xml', contentTypes(sheets.length)),
    part('_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])),
    part('xl/workbook.xml', workbook(sheets)),
    part(
      'xl/_rels/workbook.xml.rels',
      relations([
        ...sheets.map((_, i) => ['worksheet', sheetPath(i).slice('xl/'.length)] as const),
        ['styles', 'styles.xml'],
      ]),
    ),
    part('xl/styles.xml', styles()),
  ];
}

function part(path: string, xml: string): ArchivePart {
  return { path, text: [DECLARATION, xml] };
}

function contentTypes(sheets: number): string {
  const types = [
    ['xl/workbook.xml', `${CONTENT}.sheet.main+xml`],
    ...Array.from({ length: sheets }, (_, i) => [sheetPath(i), `${CONTENT}.worksheet+xml`]),
    ['xl/styles.xml', `${CONTENT}.styles+xml`],
  ];
  return (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    types.map(([path, type]) => `<Override PartName="/${path}" ContentType="${type}"/>`).join('') +
    '</Types>'
  );
}

function relations(targets: readonly (readonly [kind: string, target: string])[]): string {
  const each = targets.map(
    ([kind, target], i) => `<Relationship Id="rId${i + 1}" Type="${RELATION}/${kind}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${RELATIONS}">${each.join('')}</Relationships>`;
}

function workbook(listed: readonly ListedSheet[]): string {
  const sheets = listed.map(
    ({ name }, i) => `<sheet name="${escapedXml(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`,
  );
  // The header of a table is printed on each of its pages.
  const titles = listed.flatMap(({ name, isTable }, i) =>
    isTable
      ? `<definedName name="_xlnm.Print_Titles" localSheetId="${i}">'${escapedXml(name.replaceAll("'", "''"))}'!$1:$1</definedName>`
      : [],
  );
  return (
    `<workbook xmlns="${SPREADSHEET}" xmlns:r="${RELATION}"><bookViews><workbookView/></bookViews>` +
    `<sheets>${sheets.join('')}</sheets><definedNames>${titles.join('')}</definedNames></workbook>`
  );
}

function styles(): string {
  const formats = NUMBER_FORMATS.map((code, i) => `<numFmt numFmtId="${FIRST_FORMAT_ID + i}" formatCode="${code}"/>`);
  const numbers = NUMBER_FORMATS.map((_, i) => cellFormat(FIRST_FORMAT_ID + i, 0, i === 0 ? LEFT : ''));
  const boldRight = cellFormat(0, 1, RIGHT);
  const boldNumbers = NUMBER_FORMATS.slice(1).map((_, i) => cellFormat(FIRST_FORMAT_ID + 1 + i, 1));
  const cells = [cellFormat(0, 0), cellFormat(0, 1), ...numbers, boldRight, ...boldNumbers];
  const font = '<sz val="11"/><name val="Calibri"/>';
  return (
    `<styleSheet xmlns="${SPREADSHEET}">` +
    `<numFmts count="${formats.length}">${formats.join('')}</numFmts>` +
    `<fonts count="2"><font>${font}</font><font><b/>${font}</font></fonts>` +
    // Spreadsheets expect these two fills, and a border, whether anything uses them or not.
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
    `<cellXfs count="${cells.length}">${cells.join('')}</cellXfs>` +
    '</styleSheet>'
  );
}

function cellFormat(numberFormat: number, font: number, alignment = ''): string {
  const applied = `applyNumberFormat="1" applyFont="1"${alignment === '' ? '' : ' applyAlignment="1"'}`;
  return `<xf numFmtId="${numberFormat}" fontId="${font}" fillId="0" borderId="0" xfId="0" ${applied}>${alignment}</xf>`;
}
