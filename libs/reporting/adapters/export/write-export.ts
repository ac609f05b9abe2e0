// Writes an export into a folder: reads one snapshot of the books, streams it through the format, hashes what it writes. The
// folder takes its final name only when everything in it is whole, manifest included.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import { withSnapshot, type Database, type Snapshot } from '@trunkline/platform/database';
import { growSlowly } from '@trunkline/platform/process';
import { vendorNamesOf } from '@trunkline/providers';
import {
  ControlTotals,
  isPreliminary,
  manifestOf,
  manifestText,
  type ChargeRows,
  type ExportContext,
  type ExportedFile,
  type ExportFile,
  type ExportFormat,
  type ExportManifest,
  type ExportOptions,
  type ExportSources,
  type UsageRows,
} from '../../index.js';
import { chargeRowsOf, loadDirectory, reconciliationLines, tenantsOfMonth, usageRowsOf } from '../prisma/index.js';

/** The database, twice: as services use it, and the address for snapshots. */
export interface Books {
  readonly db: Database;
  readonly databaseUrl: string;
}

/** What to export. */
export interface ExportRequest {
  readonly format: ExportFormat;
  readonly period: Period;
  /** Null: all tenants of the period. */
  readonly tenantId: TenantId | null;
  readonly options: ExportOptions;
}

/** How it goes on. */
export interface ExportProgress {
  /** Aborted: give up, leave nothing behind. */
  readonly signal?: AbortSignal;
  /** Told often, cheaply: rows read so far. */
  readonly onRows?: (rows: number) => void;
}

/** A finished export. */
export interface WrittenExport {
  readonly manifest: ExportManifest;
  /** Of manifest.json. */
  readonly sha256: string;
}

const BUFFERED_BYTES = 256 * 1024;

/** Writes into `dir`, which must not exist yet; leaves nothing behind when it fails. */
export async function writeExport(
  books: Books,
  request: ExportRequest,
  dir: string,
  { signal, onRows }: ExportProgress = {},
): Promise<WrittenExport> {
  const partial = `${dir}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const growAsBefore = growSlowly();
  try {
    const written = await withSnapshot(books.databaseUrl, async (snapshot) => {
      const context = await contextOf(books.db, snapshot, request);
      const totals = new ControlTotals(context, onRows);
      const sources = totals.watch(sourcesOf(snapshot, context, request.tenantId));
      const files: ExportedFile[] = [];
      for (const file of request.format.files(context, sources)) files.push(await writeFileOf(file, partial, signal));
      return manifestOf(request.format, context, { tenantId: request.tenantId, files, totals });
    });
    const text = manifestText(written);
    await writeFile(join(partial, 'manifest.json'), text, { mode: 0o600 });
    await rm(dir, { recursive: true, force: true });
    await rename(partial, dir);
    return { manifest: written, sha256: createHash('sha256').update(text).digest('hex') };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  } finally {
    growAsBefore();
  }
}

async function contextOf(db: Database, snapshot: Snapshot, request: ExportRequest): Promise<ExportContext> {
  const { period, tenantId, options } = request;
  const tenants = tenantId === null ? await tenantsOfMonth(db, snapshot, period) : [tenantId];
  return { directory: await loadDirectory(db, { snapshot, period, tenants }), options, vendorOf: vendorNamesOf };
}

function sourcesOf(snapshot: Snapshot, { directory }: ExportContext, tenantId: TenantId | null): ExportSources {
  const tenants = [...directory.tenants.keys()];
  const { period, company } = directory;
  const range = { tenants, period, timeZone: company.timeZone };
  return {
    charges: (): ChargeRows => chargeRowsOf(snapshot, range),
    usage: (): UsageRows => usageRowsOf(snapshot, range),
    // It is about whole accounts: nothing of it is for one tenant.
    reconciliation: () =>
      tenantId === null
        ? reconciliationLines(snapshot, { period, isClosed: !isPreliminary(directory) })
        : Promise.resolve([]),
  };
}

async function writeFileOf(file: ExportFile, dir: string, signal?: AbortSignal): Promise<ExportedFile> {
  const hash = createHash('sha256');
  const stream = createWriteStream(join(dir, file.name), { flags: 'wx', mode: 0o600, highWaterMark: BUFFERED_BYTES });
  const done = finished(stream);
  done.catch(() => undefined); // Awaited below, unless the reading fails first.
  let bytes = 0;
  try {
    for await (const piece of file.pieces()) {
      signal?.throwIfAborted();
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
      hash.update(chunk);
      bytes += chunk.length;
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done]);
    }
    stream.end();
    await done;
  } finally {
    stream.destroy();
  }
  return { name: file.name, contentType: file.contentType, bytes, sha256: hash.digest('hex') };
}
