// Builders for the specs of moderation: a hook that finds words, a binding of it, and timers that a test moves.
import type { HookBinding } from '../core/binding.js';
import { CONTENT_KINDS, type Content, type ContentKind } from '../core/content.js';
import type { ModerationHook } from '../core/hook.js';
import type { StartTimer } from '../core/pipeline.js';
import type { Verdict } from '../core/verdict.js';

const ALL: readonly ContentKind[] = Object.keys(CONTENT_KINDS).filter(
  (kind): kind is ContentKind => kind in CONTENT_KINDS,
);

/** A hook that is asked with every piece and answers by the function; keeps what it was shown. */
export function hookOf(
  inspect: (content: Content, signal: AbortSignal) => Verdict | Promise<Verdict>,
  rest: Partial<ModerationHook> = {},
): ModerationHook & { readonly shown: Content[] } {
  const shown: Content[] = [];
  return {
    kinds: ALL,
    lookBack: 'all',
    cadence: 'piece',
    shown,
    inspect: (content, _context, signal) => {
      shown.push(content);
      return inspect(content, signal);
    },
    ...rest,
  };
}

/** Finds every occurrence of a word. */
export function findsWord(
  word: string,
  rest: Partial<ModerationHook> = {},
): ModerationHook & { readonly shown: Content[] } {
  const inspect = ({ text }: Content): Verdict => {
    const findings = [];
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
      findings.push({ category: 'word', score: 1, span: { start: at, end: at + word.length } });
    return { action: null, findings };
  };
  return hookOf(inspect, { lookBack: word.length - 1, ...rest });
}

/** A binding that blocks what its hook finds. */
export function bindingOf(hook: ModerationHook, rest: Partial<HookBinding> = {}): HookBinding {
  return {
    name: 'a hook',
    type: 'terms',
    hook,
    kinds: hook.kinds,
    deadlineMs: 100,
    onFailure: 'closed',
    categories: {},
    otherwise: { atLeast: 0.5, action: 'block' },
    dryRun: false,
    ...rest,
  };
}

/** Timers that expire when the test says so. */
export class ManualTimers {
  private readonly running = new Set<{ readonly atMs: number; readonly expired: () => void }>();
  private nowMs = 0;

  readonly start: StartTimer = (afterMs, expired) => {
    const timer = { atMs: this.nowMs + afterMs, expired };
    this.running.add(timer);
    return () => this.running.delete(timer);
  };

  get count(): number {
    return this.running.size;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.running]) {
      if (timer.atMs > this.nowMs || !this.running.delete(timer)) continue;
      timer.expired();
    }
  }
}
