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
  /** Questions that are not over at once: of those that nobody waits for any more, until the hook has let go of them. */
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
      const question = circuit.ask();
      return answerOf(() => hook.inspect(content, context, signal), signal, question);
    },
  };
}

type Outcome = 'answered' | 'failed';

/** One question. */
interface Question {
  /** What came of it; the first counts. */
  readonly decided: (outcome: Outcome) => void;
  /** The hook works on it no longer. To be called once. */
  readonly over: () => void;
}

class Circuit {
  private failures = 0;
  private failedAtMs = 0;
  private open = 0;
  private isProbing = false;

  constructor(
    private readonly nowMs: () => number,
    private readonly terms: CircuitTerms,
  ) {}

  /** @throws HookUnavailable */
  ask(): Question {
    const isProbe = this.isResting();
    if (isProbe && (this.isProbing || this.nowMs() - this.failedAtMs < this.terms.restMs))
      throw new HookUnavailable('resting');
    if (this.open >= this.terms.openMax) throw new HookUnavailable('busy');
    this.isProbing ||= isProbe;
    this.open += 1;
    let isDecided = false;
    return {
      decided: (outcome) => {
        if (isDecided) return;
        isDecided = true;
        if (isProbe) this.isProbing = false;
        this.learn(outcome);
      },
      over: () => (this.open -= 1),
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
  { decided, over }: Question,
): Promise<Verdict> {
  const late = (): void => decided('failed');
  signal.addEventListener('abort', late, { once: true });
  try {
    const verdict = await ask();
    decided('answered');
    return verdict;
  } catch (error) {
    decided('failed');
    throw error;
  } finally {
    signal.removeEventListener('abort', late);
    over();
  }
}
