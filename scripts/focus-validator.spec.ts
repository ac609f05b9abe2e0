// What FOCUS's official validator says of our files, where it can be had: `npm test` makes it ready, or says what is missing
// and leaves this file out.
import { jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// A Python with half a gigabyte of packages, started on a machine that may be busy.
jest.setTimeout(120_000);

const SCRIPT = fileURLToPath(new URL('focus-validate.mjs', import.meta.url));
// A row of every kind.
const GOLDEN = fileURLToPath(new URL('../libs/reporting/test/golden/focus-1.2.csv', import.meta.url));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trunkline-focus-spec-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ask = (file: string): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [SCRIPT, file]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: unknown; stdout: string; stderr: string }) => error,
  );

describe("FOCUS's own validator", () => {
  it('finds nothing in a file with a row of every kind', async () => {
    const { code, stdout, stderr } = await ask(GOLDEN);
    expect(stdout.split('\n').filter((line) => line.startsWith('FINDING'))).toEqual([]);
    expect([code, stderr]).toEqual([0, '']);
    expect(Number(/(\d+) rules hold/.exec(stdout)?.[1])).toBeGreaterThan(200);
  });

  it('finds what is wrong in one', async () => {
    const file = join(folder, 'wrong-focus-1.2.csv');
    writeFileSync(file, readFileSync(GOLDEN, 'utf8').replaceAll(',USD,', ',Dollars,'));
    const { code, stdout } = await ask(file);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FINDING +BillingCurrency-C-/m)]);
  });

  it('does not pass for having said nothing: of a version whose rules it has not, it is an error', async () => {
    const file = join(folder, 'unknown-focus-9.9.csv');
    writeFileSync(file, readFileSync(GOLDEN, 'utf8'));
    expect(await ask(file)).toMatchObject({ code: 2, stderr: expect.stringContaining('9.9') });
  });
});
