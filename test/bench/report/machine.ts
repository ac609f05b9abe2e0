// What a run ran on: figures without this cannot be compared with anybody else's.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** The machine and the versions of what was measured. */
export interface Machine {
  date: string;
  node: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  nginx: string | null;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    nginx: nginxVersion(),
  };
}

function nginxVersion(): string | null {
  try {
    // nginx prints its version on stderr; the shell of `sh -c` is the simple way to read that.
    const text = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' });
    return /nginx\/(\S+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}
