// The hooks of a policy in one session: those that the session heeds, and those on a dry run beside them. Guarantees: nobody
// waits for a dry run, nothing is held or demanded for its sake, and what it says is told all the same (ADR 127).
import {
  isEnforced,
  kindsJudged,
  Pipeline,
  type ContentKind,
  type HookBinding,
  type HookContext,
  type StartTimer,
} from '@trunkline/moderation';
import type { GatedEvent } from '@trunkline/providers';
import { judgeEvent, type JudgedEvent } from './judge-event.js';

/** What hooks are asked with. */
export interface PolicyHooksPorts {
  readonly context: HookContext;
  readonly startTimer: StartTimer;
  /** A hook was asked and found nothing that counts. */
  readonly passed: (binding: HookBinding) => void;
}

/** Those of one version of a policy. */
export class PolicyHooks {
  /** What any of them is shown. */
  readonly shown: ReadonlySet<ContentKind>;
  /** What those judge that are heeded. */
  readonly enforced: ReadonlySet<ContentKind>;
  /** What those judge whose failure blocks it. */
  private readonly failingClosed: ReadonlySet<ContentKind>;
  private readonly heeded: Pipeline;
  /** Null: none is on a dry run. */
  private readonly beside: Pipeline | null;

  constructor(bindings: readonly HookBinding[], { context, startTimer, passed }: PolicyHooksPorts) {
    const enforced = bindings.filter(isEnforced);
    const dry = bindings.filter((binding) => !isEnforced(binding));
    this.shown = kindsJudged(bindings);
    this.enforced = kindsJudged(enforced);
    this.failingClosed = kindsJudged(enforced.filter(({ onFailure }) => onFailure === 'closed'));
    this.heeded = new Pipeline(enforced, context, startTimer, passed);
    this.beside = dry.length === 0 ? null : new Pipeline(dry, context, startTimer, passed);
  }

  get hasDryRuns(): boolean {
    return this.beside !== null;
  }

  /** What becomes of an event. Never rejects. @param tell what dry runs said of it, when all have. */
  judge(event: GatedEvent, tell: (dry: JudgedEvent) => void): JudgedEvent | Promise<JudgedEvent> {
    const judged = judgeEvent(this.heeded, event);
    const dry = this.beside === null ? null : judgeEvent(this.beside, event);
    if (dry instanceof Promise) void dry.then(tell);
    else if (dry !== null) tell(dry);
    return judged;
  }

  /** Whether a hook that fails closed judges it. */
  failClosed({ places }: GatedEvent): boolean {
    return places.some(({ piece }) => this.failingClosed.has(piece.kind));
  }
}
