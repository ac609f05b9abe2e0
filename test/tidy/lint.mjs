// `node test/tidy/lint.mjs FOLDER`: runs our ESLint configuration over a folder as if it were the project, and prints what
// it reports as `[{place, rule, message}]`, with all sentences of scripts/eslint/bans.mjs as `bans`.
import { join, relative } from 'node:path';
import { ESLint } from 'eslint';
import * as bans from '../../scripts/eslint/bans.mjs';

const folder = process.argv[2];
const eslint = new ESLint({ cwd: folder, overrideConfigFile: join(import.meta.dirname, '../../eslint.config.js') });
const results = await eslint.lintFiles('.');
const reports = results.flatMap(({ filePath, messages }) =>
  messages.map(({ line, ruleId, message }) => ({
    place: `${relative(folder, filePath)}:${line}`,
    rule: ruleId,
    message,
  })),
);
const sentences = Object.values(bans)
  .flatMap((list) => (Array.isArray(list) ? list : [...list.paths, ...list.patterns]))
  .map((ban) => ban.message);
process.stdout.write(JSON.stringify({ reports, bans: [...new Set(sentences)] }));
