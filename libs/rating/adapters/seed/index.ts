// Reads a folder of price sheets (`prisma/seed/prices/*.json`, or the published tables of `published-table.ts`). Every
// problem in every file is reported at once.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '@trunkline/kernel';
import { parsePriceSheets, type ModelAlias, type PriceVersion } from '@trunkline/rating';
import { isPublishedTable, readPublishedTable, type ReadPrices } from './published-table.js';

/**
 * Reads all sheets of a folder, in the order of file names. @param effectiveFrom the date of rows of published tables that have
 * none.
 * @returns the prices, or every problem, each naming its file and sheet. Rejects when the folder cannot be read.
 */
export async function readPriceSheets(
  folder: string,
  effectiveFrom: string | null = null,
): Promise<Result<ReadPrices, readonly string[]>> {
  const versions: PriceVersion[] = [];
  const aliases: ModelAlias[] = [];
  const leftOut: string[] = [];
  const problems: string[] = [];
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) problems.push(`${folder}: holds no price sheet (*.json)`);
  for (const file of files) {
    const list = parseFile(await readFile(join(folder, file), 'utf8'), effectiveFrom);
    if (!list.ok) {
      problems.push(...list.error.map((problem) => `${file}: ${problem}`));
      continue;
    }
    versions.push(...list.value.versions);
    aliases.push(...list.value.aliases);
    leftOut.push(...list.value.leftOut.map((what) => `${file}: ${what}`));
  }
  return problems.length > 0 ? err(problems) : ok({ versions, aliases, leftOut });
}

function parseFile(text: string, effectiveFrom: string | null): Result<ReadPrices, readonly string[]> {
  let sheets: unknown;
  try {
    sheets = JSON.parse(text);
  } catch (cause) {
    return err([`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  if (!Array.isArray(sheets)) return err(['must be a list of price sheets']);
  if (isPublishedTable(sheets)) return readPublishedTable(sheets, effectiveFrom);
  const read = parsePriceSheets(sheets);
  return read.ok ? ok({ ...read.value, leftOut: [] }) : read;
}
