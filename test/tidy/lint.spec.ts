import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseTxtar } from './txtar.js';
import { temporaryFolder, unpack } from './unpack.js';

const ROOT = process.cwd();
const FIXTURES = join(ROOT, 'test/tidy/fixtures/lint');
const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2023',
    lib: ['es2024'],
    strict: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: ['node', 'jest'],
    paths: { '@trunkline/*': ['./libs/*/index.ts'] },
  },
};

const Findings = z.object({
  reports: z.array(z.object({ place: z.string(), rule: z.string(), message: z.string() })),
  bans: z.array(z.string()),
});

const fixtures = readdirSync(FIXTURES);

describe('the linter', () => {
  const folder = temporaryFolder();
  let findings: z.infer<typeof Findings>;

  beforeAll(() => {
    unpack(folder.path, [
      { path: 'tsconfig.json', text: JSON.stringify(TSCONFIG) },
      { path: 'package.json', text: '{ "type": "module" }' },
      ...fixtures.flatMap((fixture) => read(fixture).files),
    ]);
    findings = lint(folder.path);
  }, 60_000);

  afterAll(() => folder.remove());

  it.each(fixtures)('finds each bad line of %s, and no good one', (fixture) => {
    const { comment, files } = read(fixture);
    const expected = [...comment.matchAll(/^bad: (.+)$/gm)].map((match) => match[1]);
    const own = (place: string) => files.some((file) => place.startsWith(`${file.path}:`));
    const found = findings.reports.filter((each) => own(each.place)).map((each) => `${each.place} ${each.rule}`);
    expect([...new Set(found)].sort()).toEqual(expected.sort());
  });

  it('has a failing line for each of our bans', () => {
    const said = findings.reports.map((each) => each.message);
    const silent = findings.bans.filter((ban) => !said.some((message) => message.includes(ban.replace(/\.$/, ''))));
    expect(silent).toEqual([]);
  });
});

function read(fixture: string): ReturnType<typeof parseTxtar> {
  return parseTxtar(readFileSync(join(FIXTURES, fixture), 'utf8'));
}

function lint(folder: string): z.infer<typeof Findings> {
  const output = execFileSync(process.execPath, ['test/tidy/lint.mjs', folder], { cwd: ROOT, encoding: 'utf8' });
  return Findings.parse(JSON.parse(output));
}
