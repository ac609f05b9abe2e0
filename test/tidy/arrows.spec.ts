import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { parseTxtar, type TreeFile } from './txtar.js';
import { temporaryFolder, unpack } from './unpack.js';

const ROOT = process.cwd();
const FIXTURES = join(ROOT, 'test/tidy/fixtures/arrows');
const PROJECT = [
  { path: 'package.json', text: '{}' },
  { path: 'tsconfig.json', text: '{ "compilerOptions": { "paths": { "@trunkline/*": ["./libs/*/index.ts"] } } }' },
];

const Config = z.object({ forbidden: z.array(z.object({ name: z.string() })) });

const fixtures = readdirSync(FIXTURES).map((file) => file.replace(/\.txtar$/, ''));

describe('the arrows', () => {
  const folder = temporaryFolder();
  let broken: unknown;

  beforeAll(() => {
    const trees = fixtures.map((fixture) => ({ path: join(folder.path, fixture), fixture }));
    for (const { path, fixture } of trees) unpack(path, [...PROJECT, ...read(fixture)]);
    broken = cruise(trees.map((tree) => tree.path));
  }, 60_000);

  afterAll(() => folder.remove());

  it('have a failing fixture for each rule, and no fixture without a rule', () => {
    expect([...fixtures].sort()).toEqual(ruleNames().sort());
  });

  it.each(fixtures)('%s is broken by its fixture, and no other rule is', (fixture) => {
    expect(broken).toHaveProperty([join(folder.path, fixture)], [fixture]);
  });
});

function ruleNames(): string[] {
  const config: unknown = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs'));
  return Config.parse(config).forbidden.map((rule) => rule.name);
}

function read(fixture: string): readonly TreeFile[] {
  return parseTxtar(readFileSync(join(FIXTURES, `${fixture}.txtar`), 'utf8')).files;
}

function cruise(folders: readonly string[]): unknown {
  return JSON.parse(
    execFileSync(process.execPath, ['test/tidy/cruise.mjs', ...folders], { cwd: ROOT, encoding: 'utf8' }),
  );
}
