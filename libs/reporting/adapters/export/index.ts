export { EXPORT_FORMATS, formatNamed } from './formats.js';
export { deliver, type Delivery, type S3Access } from './deliver.js';
export { deliverRun, folderOf, performRun, purgeRuns, type ExportPlace } from './perform-run.js';
export {
  writeExport,
  type Books,
  type ExportProgress,
  type ExportRequest,
  type WrittenExport,
} from './write-export.js';
export { writeStatement, type StatementRequest } from './write-statement.js';
export { exportPlaceOf, type ExportSettings } from './export-place.js';
