// A hook as a tenant's policy uses it: for which content, by when, what a failure means and what its findings lead to.
import { isContentKind, type ContentKind } from './content.js';
import type { ModerationHook } from './hook.js';
import { severer, type Action, type Finding, type Verdict } from './verdict.js';

/** What findings of a category lead to. */
export interface CategoryRule {
  /** The score from which it counts, 0 to 1. */
  readonly atLeast: number;
  readonly action: Action;
}

/** A hook in a policy. Hooks are asked in the policy's order; the first that stops content is the last asked. */
export interface HookBinding {
  /** Unique in its policy; what metrics, audit and the review queue call it. */
  readonly name: string;
  /** The kind of hook, of a closed list: what metrics are labelled with. */
  readonly type: string;
  readonly hook: ModerationHook;
  /** Content to show it: a part of what it can judge. */
  readonly kinds: readonly ContentKind[];
  /** From being asked to its answer. A verdict that comes later is not heard. */
  readonly deadlineMs: number;
  /** When it fails or is late: `open` lets content go on, `closed` blocks it. */
  readonly onFailure: 'open' | 'closed';
  /** By category. A category that is not named follows `otherwise`. */
  readonly categories: Readonly<Record<string, CategoryRule>>;
  readonly otherwise: CategoryRule;
  /** Only counts: what it would have done is told, and nothing is done. */
  readonly dryRun: boolean;
}

/** What a verdict leads to by this binding. What should be cut out and cannot be, for nobody knows where it is, is blocked. */
export function actionOf(binding: HookBinding, { action, findings }: Verdict): Action {
  if (action !== null) return action === 'redact' && findings.every(isNowhere) ? 'block' : action;
  let severest: Action = 'pass';
  for (const finding of findings) {
    const { atLeast, action: leadsTo } = ruleOf(binding, finding);
    if (finding.score < atLeast) continue;
    severest = severer(severest, leadsTo === 'redact' && isNowhere(finding) ? 'block' : leadsTo);
  }
  return severest;
}

/** What led to it: all that was found where the hook itself decided. */
export function findingsThatCount(binding: HookBinding, { action, findings }: Verdict): readonly Finding[] {
  if (action !== null) return findings;
  return findings.filter((finding) => {
    const { atLeast, action: leadsTo } = ruleOf(binding, finding);
    return leadsTo !== 'pass' && finding.score >= atLeast;
  });
}

function ruleOf({ categories, otherwise }: HookBinding, { category }: Finding): CategoryRule {
  return (Object.hasOwn(categories, category) ? categories[category] : undefined) ?? otherwise;
}

function isNowhere({ span }: Finding): boolean {
  return span === null;
}

/** Whether anything follows from its words. */
export function isEnforced({ dryRun }: HookBinding): boolean {
  return !dryRun;
}

/** The kinds of content that any of these is shown: everything else costs nothing. */
export function kindsJudged(bindings: readonly HookBinding[]): ReadonlySet<ContentKind> {
  return new Set(
    bindings.flatMap(({ kinds, hook }) => kinds.filter((kind) => hook.kinds.includes(kind))).filter(isContentKind),
  );
}
