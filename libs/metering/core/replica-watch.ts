// Tells which gateways have fallen silent, by watching whether their beats move. It compares no clocks: a beat is a number
// that grows, and time is the watcher's own. Guarantees that nobody is called silent who was not watched, without a break,
// for the whole of the patience: after the watcher itself was away (or its database), everybody's time begins anew.
import type { ReplicaId } from '@trunkline/kernel';

/** A gateway as it is written down. */
export interface ReplicaBeat {
  readonly replicaId: ReplicaId;
  readonly beats: number;
}

/** Milliseconds. */
export interface WatchPatience {
  /** Beats that stand still for so long mean that the gateway is gone. */
  readonly silenceMsMax: number;
  /** A watcher that has not looked for so long knows nothing of what was in between. */
  readonly gapMsMax: number;
}

/** The watcher. Keeps what it was shown last and nothing else. */
export class ReplicaWatch {
  private known = new Map<ReplicaId, { readonly beats: number; readonly sinceMs: number }>();
  private lookedAtMs: number | null = null;

  constructor(private readonly patience: WatchPatience) {}

  /**
   * Looks at all gateways of interest; call it again and again.
   * @param nowMs by a clock that nobody sets.
   * @returns those that are silent.
   */
  look(replicas: readonly ReplicaBeat[], nowMs: number): ReadonlySet<ReplicaId> {
    const isBlind = this.lookedAtMs === null || nowMs - this.lookedAtMs > this.patience.gapMsMax;
    const before = isBlind ? new Map<ReplicaId, { beats: number; sinceMs: number }>() : this.known;
    this.lookedAtMs = nowMs;
    this.known = new Map(
      replicas.map(({ replicaId, beats }) => {
        const last = before.get(replicaId);
        return [replicaId, last?.beats === beats ? last : { beats, sinceMs: nowMs }];
      }),
    );
    const silent = [...this.known].filter(([, { sinceMs }]) => nowMs - sinceMs >= this.patience.silenceMsMax);
    return new Set(silent.map(([replicaId]) => replicaId));
  }
}
