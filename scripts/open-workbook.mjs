// `node scripts/open-workbook.mjs <export.xlsx>`: opens a workbook of an export in LibreOffice, shows its summary as it is
// shown there, and checks that the cost centres add up to what was charged. Not a test: LibreOffice takes seconds to start
// and half a gigabyte to install; what the tests read workbooks with is a library.
import './require-node.mjs';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { captureStep } from './child.mjs';
import { fail } from './project.mjs';
import { findProgram } from './tools.mjs';

// Tabs between cells, UTF-8, cells as they are shown, a file for each sheet.
const AS_SHOWN = 'csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,false,true,false,false,-1';
const MICRO = 1_000_000;

const [file] = process.argv.slice(2);
if (file === undefined) fail('name a workbook: `export run 2026-11 --format xlsx` makes one');
const soffice = findProgram('soffice');
if (soffice === null) fail('LibreOffice is missing: apt-get install --no-install-recommends libreoffice-calc');
const folder = mkdtempSync(join(tmpdir(), 'trunkline-workbook-'));
try {
  const profile = `-env:UserInstallation=file://${folder}/profile`;
  const { code, output } = await captureStep(soffice, [
    ...[profile, '--headless', '--convert-to', AS_SHOWN, '--outdir', join(folder, 'sheets'), file],
  ]);
  if (code !== 0) fail(`LibreOffice could not open ${file}:\n${output}`);
  const summary = sheet('Summary');
  process.stdout.write(`${summary.map((cells) => cells.join('  ').trimEnd()).join('\n')}\n`);
  const charged = micros(summary.find(([name]) => name === 'Charged')?.[1]);
  const [header = [], ...rows] = sheet('Cost centres');
  const centres = rows.filter(([code]) => code !== 'Total' && code !== 'Rounding of cents');
  const column = header.indexOf('Charge');
  const sum = centres.reduce((total, cells) => total + micros(cells[column]), 0);
  // Each line is rounded to what is shown.
  if (Number.isNaN(sum) || Math.abs(sum - charged) > centres.length)
    fail(`the cost centres add up to ${sum / MICRO}, charged is ${charged / MICRO}`);
  process.stdout.write(`\nThe ${centres.length} cost centres add up to what was charged.\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sheet(name) {
  const stem = basename(file).replace(/\.[^.]*$/, '');
  const path = readdirSync(join(folder, 'sheets')).find((each) => each === `${stem}-${name}.csv`);
  if (path === undefined) fail(`LibreOffice found no sheet ${name} in ${file}`);
  const lines = readFileSync(join(folder, 'sheets', path), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => line.split('\t'));
}

function micros(shown) {
  return Math.round(Number(String(shown).replaceAll(',', '')) * MICRO);
}
