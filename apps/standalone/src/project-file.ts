import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of the project, found from the sources as well as from the build: walks up to the folder with package.json. */
export function projectFile(path: string): string {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return join(dir, path);
  }
  throw new Error('package.json was not found above the program: the installation is incomplete');
}
