import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TidyRule } from './rule.js';
import { DOCS_RULES } from './rules/docs.js';
import { LAYOUT_RULES } from './rules/layout.js';
import { LOCKFILE_RULES } from './rules/lockfile.js';
import { REALTIME_RULES } from './rules/realtime.js';
import { TEXT_RULES } from './rules/text.js';
import { readTree } from './tree.js';
import { parseTxtar } from './txtar.js';

const RULES: readonly TidyRule[] = [
  ...TEXT_RULES,
  ...LAYOUT_RULES,
  ...REALTIME_RULES,
  ...LOCKFILE_RULES,
  ...DOCS_RULES,
];
const FIXTURES = join(process.cwd(), 'test/tidy/fixtures/tidy');

describe('tidy', () => {
  it('has a failing fixture for each rule, and no fixture without a rule', () => {
    const fixtures = readdirSync(FIXTURES).map((file) => file.replace(/\.txtar$/, ''));
    expect(fixtures.sort()).toEqual(RULES.map((rule) => rule.name).sort());
  });

  describe.each(RULES.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
    it('finds each bad place of its fixture, and no good one', () => {
      const { comment, files } = parseTxtar(readFileSync(join(FIXTURES, `${name}.txtar`), 'utf8'));
      const expected = [...comment.matchAll(/^bad: (.+)$/gm)].map((match) => match[1]);
      expect(expected).not.toEqual([]);
      expect(rule.find(files).sort()).toEqual(expected.sort());
    });
  });

  const tree = readTree(process.cwd());
  it.each(RULES.map((rule) => [rule.name, rule] as const))('finds no %s in this repository', (_name, rule) => {
    expect({ advice: rule.advice, places: rule.find(tree) }).toEqual({ advice: rule.advice, places: [] });
  });
});
