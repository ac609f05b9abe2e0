// What a hook says about a piece of content, and how several hooks' words become one. Findings carry categories, scores
// and places, never the text itself: they go to metrics, logs and the audit.

/** What shall become of content, mildest first. */
export const ACTIONS = ['pass', 'flag', 'redact', 'block', 'end'] as const;
/**
 * - `pass`: nothing was found.
 * - `flag`: goes on; a person looks at it later.
 * - `redact`: goes on with the found spans replaced; where it cannot be changed any more (it was said), like `block`.
 * - `block`: does not go on: not to the model, not to the caller.
 * - `end`: blocked, and the session ends.
 */
export type Action = (typeof ACTIONS)[number];

/** A span of the content, in UTF-16 code units of its `text`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One thing that a hook found. */
export interface Finding {
  /** E.g. `violence`, `card_number`, or the name of a rule. From the hook's own closed list or the policy; bounded. */
  readonly category: string;
  /** From 0 to 1; 1 where the hook knows only yes and no. */
  readonly score: number;
  /** Where it is; null when the hook cannot say. */
  readonly span: Span | null;
  /**
   * How far the text had to be seen to be sure, in its UTF-16 code units: beyond the span where what follows decides (a word
   * has ended only when something else has begun), beyond the text where its end decides. Absent: to the span's end.
   */
  readonly certainAt?: number;
}

/** A hook's word. */
export interface Verdict {
  /** What the hook itself decides; null: the policy decides by what was found. */
  readonly action: Action | null;
  readonly findings: readonly Finding[];
}

/** The verdict of a hook that found nothing. */
export const NOTHING_FOUND: Verdict = { action: null, findings: [] };

/** The severer of two actions. */
export function severer(a: Action, b: Action): Action {
  return ACTIONS.indexOf(a) >= ACTIONS.indexOf(b) ? a : b;
}

/** Whether content with this action does not go on. */
export function stopsContent(action: Action): boolean {
  return action === 'block' || action === 'end';
}

/** Replaces the spans of a text, overlapping ones as one, each by the mark. */
export function redactSpans(text: string, spans: readonly Span[], mark = '[removed]'): string {
  let redacted = '';
  let from = 0;
  for (const { start, end } of mergeSpans(spans)) {
    redacted += text.slice(from, start) + mark;
    from = end;
  }
  return redacted + text.slice(from);
}

function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}
