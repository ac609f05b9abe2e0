export { EXPORT_FORMATS, formatNamed } from './formats.js';
export {
  writeExport,
  type Books,
  type ExportProgress,
  type ExportRequest,
  type WrittenExport,
} from './write-export.js';
