// How an item of the review queue stands, and what each step of a reviewer makes of it. Pure: storing a step together with its
// event is for the adapter.
import { err, ok, type Result } from '@trunkline/kernel';

/** Whether somebody has to look at it. */
export const REVIEW_STATES = ['open', 'assigned', 'decided'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

/**
 * - `uphold`: the finding was right.
 * - `dismiss`: it was wrong.
 * - `escalate`: somebody else must say; the item is open again.
 */
export const REVIEW_DECISIONS = ['uphold', 'dismiss', 'escalate'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

/** How an item stands. */
export interface ReviewStanding {
  readonly state: ReviewState;
  readonly assignee: string | null;
  readonly decision: ReviewDecision | null;
}

/** What a reviewer does. */
export type ReviewStep =
  /** Null: nobody's any more. */
  | { readonly kind: 'assign'; readonly assignee: string | null }
  /** @param again replaces a decision that was made already. */
  | { readonly kind: 'decide'; readonly decision: ReviewDecision; readonly again: boolean }
  | { readonly kind: 'note' };

/** Longer is no note but a document. */
export const NOTE_CHARS_MAX = 2_000;
export const REVIEWER_CHARS_MAX = 200;

/** How an item stands after a step, or why the step cannot be made. */
export function afterStep(before: ReviewStanding, step: ReviewStep): Result<ReviewStanding, string> {
  switch (step.kind) {
    case 'assign':
      if (before.state === 'decided') return err('It is decided already; a decided item cannot be assigned.');
      return ok({ ...before, state: step.assignee === null ? 'open' : 'assigned', assignee: step.assignee });
    case 'decide':
      if (before.state === 'decided' && !step.again)
        return err(`It is decided already (${before.decision ?? 'unknown'}); say that you mean to decide it again.`);
      if (step.decision === 'escalate') return ok({ state: 'open', assignee: null, decision: 'escalate' });
      return ok({ ...before, state: 'decided', decision: step.decision });
    case 'note':
      return ok(before);
  }
}
