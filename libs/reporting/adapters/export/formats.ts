// The formats there are. Adding one is one file and one line here.
import {
  excelCsvFormat,
  focusFormat,
  glFormat,
  machineCsvFormat,
  usageCsvFormat,
  type ExportFormat,
} from '../../index.js';
import { usageParquetFormat } from '../parquet/index.js';
import { xlsxFormat } from '../xlsx/index.js';

/** In the order in which they are listed. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  focusFormat,
  machineCsvFormat,
  excelCsvFormat,
  xlsxFormat,
  glFormat,
  usageCsvFormat,
  usageParquetFormat,
];

/** A format by its id; null when there is none. */
export function formatNamed(id: string): ExportFormat | null {
  return EXPORT_FORMATS.find((format) => format.id === id) ?? null;
}
