// `export download`: copies the files of a run into a folder of the caller. Exports of one month share names (a manifest
// always does), so a file that is there and says something else stops the copy before anything is copied.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, type ExportPlace } from '@trunkline/reporting/adapters/export';
import type { ExportRunRecord } from '@trunkline/reporting/adapters/prisma';

/** Copies them; the same files again are no trouble. @returns where they are. @throws Error that says what to do. */
export async function downloadRun(
  place: Pick<ExportPlace, 'dir'>,
  { id, manifest, sha256, purgedAtMs }: ExportRunRecord,
  { out, replace }: { readonly out: string; readonly replace: boolean },
): Promise<readonly string[]> {
  if (manifest === null || sha256 === null) throw new Error(`export ${id} is not done: see export show ${id}`);
  if (purgedAtMs !== null)
    throw new Error(`the files of export ${id} were thrown away after the days that they are kept: run it again`);
  const files = [...manifest.files, { name: 'manifest.json', sha256 }];
  await mkdir(out, { recursive: true });
  const others = replace ? [] : await othersAmong(files, out);
  if (others.length > 0)
    throw new Error(
      `${out} holds other files of these names: ${others.join(', ')}. Nothing was copied: name another folder, or say ` +
        '--force to replace them',
    );
  for (const { name } of files) await copyFile(join(folderOf(place, id), name), join(out, name));
  return files.map(({ name }) => join(out, name));
}

async function othersAmong(
  files: readonly { readonly name: string; readonly sha256: string }[],
  out: string,
): Promise<readonly string[]> {
  const others: string[] = [];
  for (const { name, sha256 } of files) {
    const found = await hashOf(join(out, name));
    if (found !== null && found !== sha256) others.push(name);
  }
  return others;
}

/** SHA-256 of a file; null where there is none. */
async function hashOf(path: string): Promise<string | null> {
  if ((await stat(path).catch(() => null)) === null) return null;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
