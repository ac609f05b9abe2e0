// Decides whether a derived folder is still up to date: one SHA-256 over the names and bytes of its sources, kept in a
// stamp file inside the derived folder, so that deleting the folder deletes the claim. Bytes, not times: a branch switch
// that comes back to the same content rebuilds nothing, and one that keeps the times but not the content does.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

// Also what the build leaves out: a saved test compiles nothing.
const SKIPPED = /(^|\/)(node_modules|dist|data|coverage)$|^libs\/[^/]+\/test$|\.(spec|conformance)\.ts$/;

/** Fingerprint of files and folders but those below `without`, relative to the project; missing ones count as empty. */
export function fingerprint(paths, without = []) {
  const hash = createHash('sha256');
  const isWanted = (file) => !without.some((folder) => file.startsWith(`${folder}/`));
  for (const path of paths)
    for (const file of filesUnder(path).filter(isWanted))
      hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/** True when the stamp file holds exactly this fingerprint. */
export function stampMatches(stampFile, value) {
  const path = join(ROOT, stampFile);
  return existsSync(path) && readFileSync(path, 'utf8') === value;
}

/** Remembers the fingerprint. Call it only after the step succeeded. */
export function writeStamp(stampFile, value) {
  writeFileSync(join(ROOT, stampFile), value);
}

function filesUnder(path) {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute) || SKIPPED.test(path)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute)
    .sort()
    .flatMap((name) => (name.startsWith('.') ? [] : filesUnder(`${path}/${name}`)));
}
