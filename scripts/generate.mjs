// Writes the database client from prisma/schema into libs/platform/database/generated. Works without a network: the
// client needs no engine, but the command line insists on a schema engine and would download one. Naming any existing
// file as that engine satisfies it; `generate`, `validate` and `format` never run it. Without arguments it also writes the types of
// the dashboard's client from docs/openapi.json (`npm run openapi` writes that one from the routes).
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const command = process.argv.slice(2);

const run = spawnSync(process.execPath, [prismaEntry(), ...(command.length > 0 ? command : ['generate'])], {
  cwd: root,
  encoding: 'utf8',
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
if (run.status === 0) {
  if (command.length > 0) process.stdout.write(run.stdout);
  else await writeClientTypes();
} else {
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}`);
  process.stderr.write('Could not write the database client. Correct the schema file named above and run it again.\n');
  process.exitCode = 1;
}

async function writeClientTypes() {
  const { default: typesOf, astToString } = await import('openapi-typescript');
  const document = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8'));
  const folder = join(root, 'apps/dashboard/src/api');
  mkdirSync(folder, { recursive: true });
  const types = astToString(await typesOf(document, { immutable: true }));
  writeFileSync(join(folder, 'schema.d.ts'), `// Written by \`npm run generate\` from docs/openapi.json.\n${types}`);
}

function prismaEntry() {
  try {
    return createRequire(import.meta.url).resolve('prisma/build/index.js');
  } catch {
    process.stderr.write('The package "prisma" is not installed. Run `npm ci` in the project folder first.\n');
    process.exit(1);
  }
}
