// One cause under one rule, as a state machine: nothing, pending, firing, and nothing again. Guarantees that a cause that hovers
// around its threshold is one alert: it fires when it was at the threshold for as long as the rule says, and is over when it was
// well below for as long. Pure: values and times come in, what to tell comes out; storing and telling are for others.

/** What a rule asks for. */
export interface WatchTerms {
  /** From here on it is bad. */
  readonly threshold: number;
  /** Below this it is well; at most the threshold. */
  readonly clearBelow: number;
  /** How long it must be bad to fire, and well to be over. Milliseconds. */
  readonly forMs: number;
  /** How long after telling it is told again while it goes on; null: never. Milliseconds. */
  readonly repeatMs: number | null;
}

/** Where a cause stands; all times Unix milliseconds. Null, where a watch is expected: nothing is wrong. */
export type Watch =
  | { readonly state: 'pending'; readonly sinceMs: number }
  | {
      readonly state: 'firing';
      readonly sinceMs: number;
      readonly firedMs: number;
      readonly toldMs: number;
      /** Since when it is well below; null: it is not. */
      readonly wellSinceMs: number | null;
    };

/** What to tell whoever is to hear of it. */
export type WatchEvent = 'fired' | 'repeated' | 'resolved';

/** What became of it. */
export interface WatchStep {
  readonly watch: Watch | null;
  readonly tell: WatchEvent | null;
}

/** The next state, by what was measured now. */
export function stepWatch(
  watch: Watch | null,
  value: number,
  { terms, nowMs }: { readonly terms: WatchTerms; readonly nowMs: number },
): WatchStep {
  if (watch?.state === 'firing') return stepFiring(watch, value, { terms, nowMs });
  if (value < terms.threshold) return { watch: null, tell: null };
  const sinceMs = watch?.sinceMs ?? nowMs;
  if (nowMs - sinceMs < terms.forMs) return { watch: { state: 'pending', sinceMs }, tell: null };
  return { watch: { state: 'firing', sinceMs, firedMs: nowMs, toldMs: nowMs, wellSinceMs: null }, tell: 'fired' };
}

function stepFiring(
  watch: Extract<Watch, { readonly state: 'firing' }>,
  value: number,
  { terms, nowMs }: { readonly terms: WatchTerms; readonly nowMs: number },
): WatchStep {
  if (value < terms.clearBelow) {
    const wellSinceMs = watch.wellSinceMs ?? nowMs;
    return nowMs - wellSinceMs >= terms.forMs
      ? { watch: null, tell: 'resolved' }
      : { watch: { ...watch, wellSinceMs }, tell: null };
  }
  const isQuiet = terms.repeatMs === null || nowMs - watch.toldMs < terms.repeatMs;
  return isQuiet
    ? { watch: { ...watch, wellSinceMs: null }, tell: null }
    : { watch: { ...watch, wellSinceMs: null, toldMs: nowMs }, tell: 'repeated' };
}
