// Stands between a policy and a hook that asks a service. Guarantees that a service which is down costs nobody its
// deadline over and over: after some failures in a row the hook rests and fails at once, and now and then one question
// finds out whether it is back; and that a slow one never has more than so many questions open. What a failure leads to
// stays the policy's to say. Shared by the sessions of a tenant, by nobody else.
import { HookFailed, type ModerationHook } from './hook.js';
import type { Verdict } from './verdict.js';

/** The hook was not asked: it rests after failures, or has too many questions open. */
export class HookUnavailable extends HookFailed {
  override readonly name = 'HookUnavailable';
  constructor(readonly why: 'resting' | 'busy') {
    super(why === 'resting' ? 'the hook rests after failures' : 'the hook has too many open questions');
  }
}

/** When a hook is given a rest. */
export interface CircuitTerms {
  /** In a row. Late answers are failures. */
  readonly failuresMax: number;
  /** From the last failure until one question is let through. */
  readonly restMs: number;
  /** Questions that wait for an answer at once. */
  readonly openMax: number;
}

/**
 * Five failures are no accident; ten seconds keep a service that comes up from being asked by everybody at once. A
 * hundred open questions are more than a tenant's sessions ask while a service is well, and no burden when it is not.
 */
export const CIRCUIT: CircuitTerms = { failuresMax: 5, restMs: 10_000, openMax: 100 };

/** @param nowMs a clock that nobody sets. */
export function withCircuit(hook: ModerationHook, nowMs: () => number, terms = CIRCUIT): ModerationHook {
  const circuit = new Circuit(nowMs, terms);
  return {
    ...hook,
    inspect: (content, context, signal) => {
      const done = circuit.ask();
      return answerOf(() => hook.inspect(content, context, signal), signal, done);
    },
  };
}

type Outcome = 'answered' | 'failed';

class Circuit {
  private failures = 0;
  private failedAtMs = 0;
  private open = 0;
  private isProbing = false;

  constructor(
    private readonly nowMs: () => number,
    private readonly terms: CircuitTerms,
  ) {}

  /** @returns what to call once with the outcome. @throws HookUnavailable */
  ask(): (outcome: Outcome) => void {
    const isProbe = this.isResting();
    if (isProbe && (this.isProbing || this.nowMs() - this.failedAtMs < this.terms.restMs))
      throw new HookUnavailable('resting');
    if (this.open >= this.terms.openMax) throw new HookUnavailable('busy');
    this.isProbing ||= isProbe;
    this.open += 1;
    let isOver = false;
    return (outcome) => {
      if (isOver) return;
      isOver = true;
      this.open -= 1;
      if (isProbe) this.isProbing = false;
      this.learn(outcome);
    };
  }

  private isResting(): boolean {
    return this.failures >= this.terms.failuresMax;
  }

  private learn(outcome: Outcome): void {
    this.failures = outcome === 'answered' ? 0 : this.failures + 1;
    if (outcome === 'failed') this.failedAtMs = this.nowMs();
  }
}

/** Tells the outcome once: an answer, a failure, or that nobody waits any more, which is one. */
async function answerOf(
  ask: () => Verdict | Promise<Verdict>,
  signal: AbortSignal,
  done: (outcome: Outcome) => void,
): Promise<Verdict> {
  const late = (): void => done('failed');
  signal.addEventListener('abort', late, { once: true });
  try {
    const verdict = await ask();
    done('answered');
    return verdict;
  } catch (error) {
    done('failed');
    throw error;
  } finally {
    signal.removeEventListener('abort', late);
  }
}
