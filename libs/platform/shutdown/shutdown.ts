// The order in which a process stops: who opens something registers its close right there, and closes run last in, first
// out, each with its own deadline, so that nothing is forgotten and nothing can hang the exit.
import { setTimeout as delay } from 'node:timers/promises';

/** One registered close. */
interface Closer {
  readonly name: string;
  readonly deadlineMs: number;
  readonly close: () => Promise<void> | void;
}

/** How a close went; for the log. */
export type CloseReport =
  | { readonly name: string; readonly outcome: 'closed'; readonly ms: number }
  | { readonly name: string; readonly outcome: 'failed'; readonly error: unknown }
  | { readonly name: string; readonly outcome: 'timed_out'; readonly ms: number };

/** Registry of what a process has open. */
export class Shutdown {
  private readonly closers: Closer[] = [];
  private running: Promise<void> | null = null;

  constructor(private readonly report: (report: CloseReport) => void) {}

  /** Registers a close; the last registered runs first. */
  register(name: string, deadlineMs: number, close: () => Promise<void> | void): void {
    this.closers.push({ name, deadlineMs, close });
  }

  /** Closes everything, once; calling again waits for the same run. Never rejects. */
  run(): Promise<void> {
    this.running ??= this.closeAll();
    return this.running;
  }

  private async closeAll(): Promise<void> {
    for (let closer = this.closers.pop(); closer; closer = this.closers.pop()) this.report(await closeOne(closer));
  }
}

async function closeOne({ name, deadlineMs, close }: Closer): Promise<CloseReport> {
  const startedMs = performance.now();
  const spent = () => Math.round(performance.now() - startedMs);
  const abandoned = new AbortController();
  const late = delay(deadlineMs, 'late' as const, { signal: abandoned.signal }).catch(() => 'late' as const);
  try {
    const first = await Promise.race([Promise.resolve(close()).then(() => 'closed' as const), late]);
    return first === 'closed' ? { name, outcome: 'closed', ms: spent() } : { name, outcome: 'timed_out', ms: spent() };
  } catch (error) {
    return { name, outcome: 'failed', error };
  } finally {
    abandoned.abort();
  }
}
