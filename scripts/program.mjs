// Running a program of this repository from its sources: bring the checkout up to date, then become the compiled program.
import { bootstrap } from './bootstrap.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { becomeProgram } from './child.mjs';
import { ROOT, fail } from './project.mjs';

/** Bootstraps, then becomes `dist/<program>/main.js`; `program` is a folder such as `apps/cli`. */
export async function runProgram(program, args) {
  await bootstrap({ build: true });
  const entry = join(ROOT, 'dist', program, 'main.js');
  if (!existsSync(entry)) fail(`there is no program ${program}: the build made no dist/${program}/main.js`);
  await becomeProgram(process.execPath, ['--enable-source-maps', entry, ...args]);
}
