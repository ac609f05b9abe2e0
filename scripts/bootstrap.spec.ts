import { jest } from '@jest/globals';
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freshCheckout, type Checkout } from './test/checkout.js';

// Each case starts several processes.
jest.setTimeout(60_000);

const INSTALL = expect.stringMatching(/^npm ci /);
// Says `ready`, counts each signal, and ends with 7 at the first SIGTERM, after a moment in which a second one would show.
const SERVER = `
let heard = 0;
process.on('SIGINT', () => console.log('SIGINT ' + ++heard));
process.on('SIGTERM', () => { console.log('SIGTERM ' + ++heard); setTimeout(() => process.exit(7), 300); });
setInterval(() => undefined, 1000);
console.log('ready');
`;

describe('the bootstrap', () => {
  let checkout: Checkout;
  beforeEach(() => {
    checkout = freshCheckout();
  });
  afterEach(() => checkout.remove());

  it('installs, generates and compiles a fresh clone, then runs the program with its flags', async () => {
    const { code, stdout } = await checkout.run('start.mjs', '--json', '--http-port', '0');
    expect(checkout.steps()).toEqual([INSTALL, 'generate', 'compile', 'bundle']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '["--json","--http-port","0"]\n' });
  });

  it('does nothing twice', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    const { stderr } = await checkout.run('start.mjs');
    expect(checkout.steps()).toEqual([]);
    expect(stderr).not.toContain('compiling');
  });

  it('compiles again when a source changed, and only then', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    checkout.write('apps/standalone/main.ts', 'console.log("second");');
    const { stdout } = await checkout.run('start.mjs');
    expect({ steps: checkout.steps(), stdout }).toEqual({ steps: ['compile', 'bundle'], stdout: 'second\n' });
    checkout.write('apps/standalone/main.spec.ts', 'a spec is not compiled');
    await checkout.run('start.mjs');
    expect(checkout.steps()).toEqual([]);
  });

  it('builds the dashboard again when a screen changed, and compiles no server for it', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    checkout.write('apps/dashboard/index.html', '<p>another page</p>');
    await checkout.run('start.mjs');
    expect(checkout.steps()).toEqual(['bundle']);
  });

  it('generates again when the schema changed', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    checkout.write('prisma/schema/base.prisma', 'model Session {}');
    await checkout.run('start.mjs');
    expect(checkout.steps()).toEqual(['generate']);
  });

  it('installs again when the lockfile asks for another version', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    checkout.write(
      'package-lock.json',
      JSON.stringify({ packages: { '': {}, 'node_modules/ws': { version: '8.1.0' } } }),
    );
    await checkout.run('start.mjs');
    expect(checkout.steps()).toEqual([INSTALL, 'generate', 'compile', 'bundle']);
  });

  it('does not miss packages of other platforms', async () => {
    await checkout.run('start.mjs');
    checkout.steps();
    const packages = {
      '': {},
      'node_modules/ws': { version: '8.0.0' },
      'node_modules/other': { version: '1.0.0', optional: true },
    };
    checkout.write('package-lock.json', JSON.stringify({ packages }));
    await checkout.run('start.mjs');
    expect(checkout.steps()).not.toContainEqual(INSTALL);
  });

  it('stops with the reason when the code does not compile, and tries again next time', async () => {
    checkout.write('apps/standalone/main.ts', 'wrong');
    const first = await checkout.run('start.mjs');
    expect(first).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('compiling: failed') });
    checkout.write('apps/standalone/main.ts', 'console.log("mended");');
    expect(await checkout.run('start.mjs')).toMatchObject({ code: 0, stdout: 'mended\n' });
  });

  it('does each step once when two start at the same time', async () => {
    const outcomes = await Promise.all([checkout.run('start.mjs'), checkout.run('start.mjs')]);
    expect(outcomes.map((outcome) => outcome.code)).toEqual([0, 0]);
    expect(checkout.steps()).toEqual([INSTALL, 'generate', 'compile', 'bundle']);
  });

  it('hands a signal on once and keeps the exit code of the program', async () => {
    checkout.write('apps/standalone/main.ts', SERVER);
    const child = checkout.start('start.mjs');
    const output = linesOf(child);
    expect(await output.next()).toBe('ready');
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect(await output.next()).toBe('SIGTERM 1');
    expect(await output.end()).toEqual({ code: 7, rest: [] });
  });

  it('is reached by a signal that was sent to npm', async () => {
    checkout.write('apps/standalone/main.ts', SERVER);
    const npm = checkout.npmStart();
    const output = linesOf(npm);
    expect(await output.next()).toBe('ready');
    npm.kill('SIGTERM');
    expect(await output.next()).toBe('SIGTERM 1');
    expect(await output.end()).toEqual({ code: 7, rest: [] });
  });

  it('does not double the Ctrl-C of a terminal, which reaches the whole process group', async () => {
    checkout.write('apps/standalone/main.ts', SERVER);
    const child = checkout.start('start.mjs');
    const output = linesOf(child);
    expect(await output.next()).toBe('ready');
    if (child.pid === undefined) throw new Error('the script did not start');
    process.kill(-child.pid, 'SIGINT');
    expect(await output.next()).toBe('SIGINT 1');
    child.kill('SIGTERM');
    expect(await output.next()).toBe('SIGTERM 2');
    expect(await output.end()).toEqual({ code: 7, rest: [] });
  });

  it('names the program that does not exist', async () => {
    const { code, stderr } = await checkout.run('run.mjs', 'apps/nothing');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('there is no program apps/nothing') });
  });
});

function linesOf(child: ChildProcess): {
  next(): Promise<string>;
  end(): Promise<{ code: number | null; rest: string[] }>;
} {
  if (child.stdout === null) throw new Error('the output is not piped');
  const closed = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    return line.done === true ? 'the end of the output' : line.value;
  };
  const end = async () => {
    const rest: string[] = [];
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) rest.push(line.value);
    await closed;
    return { code: child.exitCode, rest };
  };
  return { next, end };
}
