// `node test/tidy/cruise.mjs FOLDER...`: runs our dependency rules over each folder as if it were the project, and prints
// `{folder: [names of broken rules]}`. One process for all of them: loading the tool costs more than a small tree.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const { forbidden, options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');

const broken = {};
for (const folder of process.argv.slice(2)) {
  process.chdir(folder);
  const roots = ['apps', 'libs', 'test', 'prisma'].filter((root) => existsSync(root));
  const tsConfig = extractTSConfig(options.tsConfig.fileName);
  const settings = { ...options, baseDir: folder, ruleSet: { forbidden }, validate: true };
  const { output } = await cruise(roots, settings, undefined, { tsConfig });
  broken[folder] = [...new Set(output.summary.violations.map((each) => each.rule.name))].sort();
}
process.stdout.write(JSON.stringify(broken));
