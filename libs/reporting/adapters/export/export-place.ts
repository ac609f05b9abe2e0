import { join } from 'node:path';
import type { S3Access } from './deliver.js';

/** The settings that exports have, as configuration names them. */
export interface ExportSettings {
  readonly dataDir: string;
  readonly exportDir: string | null;
  readonly exportS3Endpoint: string | null;
  readonly exportS3Region: string;
  readonly exportS3KeyId: string | null;
  readonly exportS3Secret: string | null;
}

/** Where exports are kept and how buckets are reached, by the settings. */
export function exportPlaceOf(settings: ExportSettings): { readonly dir: string; readonly s3: S3Access | null } {
  const { exportS3Endpoint: endpoint, exportS3KeyId: accessKeyId, exportS3Secret: secretAccessKey } = settings;
  const dir = settings.exportDir ?? join(settings.dataDir, 'exports');
  if (endpoint === null || accessKeyId === null || secretAccessKey === null) return { dir, s3: null };
  return { dir, s3: { endpoint, region: settings.exportS3Region, accessKeyId, secretAccessKey } };
}
