// A service that gives content scores by category: a model vendor's moderation. Which vendor, by which account and at what
// price is for whoever composes the gateway; a hook only asks.
import type { Content } from './content.js';
import type { HookContext } from './hook.js';

/** One category of an answer. */
export interface CategoryScore {
  readonly category: string;
  /** From 0 to 1. */
  readonly score: number;
  /** Whether the vendor itself would call it a find. */
  readonly flagged: boolean;
}

/** A question. */
export interface ClassifyRequest {
  /** As the vendor names it. */
  readonly model: string;
  readonly content: Content;
  readonly context: HookContext;
  /** Fires when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Classifies content. */
export interface Classifier {
  /** Rejects when there is no answer that can be read. */
  classify(request: ClassifyRequest): Promise<readonly CategoryScore[]>;
}
