// How many pieces each hook of one session judged, and with which verdicts: for the session's record, where passing ones leave no
// finding (ADR 129).
import type { Action, HookBinding, HookFailure } from '@trunkline/moderation';
import type { VerdictCount } from '@trunkline/metering';

// Twenty hooks of a policy with the verdicts that one gives, and a change of policy or two; of more the rest is in metrics only.
const COUNTS_MAX = 200;

/** Those of one session. Bounded. */
export class VerdictCounts {
  private readonly counts = new Map<string, VerdictCount>();

  /** A piece was judged. */
  add({ name: hook, dryRun }: Pick<HookBinding, 'name' | 'dryRun'>, verdict: Action | HookFailure): void {
    const key = `${verdict} ${dryRun} ${hook}`;
    const { pieces } = this.counts.get(key) ?? { pieces: 0 };
    if (pieces === 0 && this.counts.size >= COUNTS_MAX) return;
    this.counts.set(key, { hook, verdict, dryRun, pieces: pieces + 1 });
  }

  get all(): readonly VerdictCount[] {
    return [...this.counts.values()];
  }
}
