// A process of its own for a test to kill: runs a script that may import this project's TypeScript, and lets the test
// read what it prints. Use it where a guarantee is about what survives a process.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REGISTER = new URL('./ts-register.mjs', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINE_MS_MAX = 30_000;

/** A running script. */
export interface TsProcess {
  readonly pid: number;
  /** The next line of its standard output; rejects with what it wrote to standard error when it ends first. */
  nextLine(): Promise<string>;
  /** Signals it and waits until it is gone; its exit code, null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Runs the source text of an ES module from the project's root: `import('@trunkline/…')` works in it. */
export function runTypescript(
  source: string,
  options: { readonly uid?: number; readonly gid?: number } = {},
): TsProcess {
  const child = spawn(process.execPath, ['--import', REGISTER, '--input-type=module', '-e', source], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async nextLine() {
      const timer = setTimeout(() => child.kill('SIGKILL'), LINE_MS_MAX);
      const next = await lines.next();
      clearTimeout(timer);
      if (next.done !== true) return next.value;
      throw new Error(`the process ended with ${await ended}:\n${stderr}`);
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
