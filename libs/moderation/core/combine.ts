// Several hooks as one: asked at the same time about the same content, their scores combined by category into one, from
// which the policy's thresholds then say what follows. Guarantees that a part which fails makes the whole fail unless the
// policy can do without it, and then counts for nothing; that the whole fails when no part answers; and that it answers when
// no part is asked any more.
import type { Content } from './content.js';
import { HookFailed, type HookContext, type ModerationHook } from './hook.js';
import type { Finding, Verdict } from './verdict.js';

/**
 * How scores of a category become one.
 * - `any`: the highest;
 * - `all`: the lowest; a part that found nothing of it says 0;
 * - `weighted`: their mean by weight; a part that found nothing of it says 0.
 */
export type Combination = 'any' | 'all' | 'weighted';

/** One of the hooks. */
export interface HookPart {
  readonly hook: ModerationHook;
  readonly weight: number;
  /** False: goes on without it when it fails. */
  readonly required: boolean;
  /** What the combination calls a category of this hook; others keep their names. */
  readonly categories: Readonly<Record<string, string>>;
}

const CADENCES = ['piece', 'sentence', 'complete'] as const;

/** A hook of hooks. */
export function combinedHook(parts: readonly HookPart[], combination: Combination): ModerationHook {
  return {
    kinds: [...new Set(parts.flatMap(({ hook }) => hook.kinds))],
    lookBack: furthest(parts.map(({ hook }) => hook.lookBack)),
    cadence: CADENCES[Math.max(...parts.map(({ hook }) => CADENCES.indexOf(hook.cadence)))] ?? 'piece',
    inspect: (content, context, signal) => {
      const asked = parts.filter(({ hook }) => hook.kinds.includes(content.kind));
      return combinedOf(
        asked.map((part) => ask(part, { content, context, signal })),
        combination,
      );
    },
  };
}

function combinedOf(answers: readonly Answer[], combination: Combination): Verdict | Promise<Verdict> {
  const heard: Heard[] = [];
  for (const answer of answers) {
    if (answer instanceof Promise) return allOf(answers).then((all) => combined(all, combination));
    heard.push(answer);
  }
  return combined(heard, combination);
}

// Waits for every part, also when one failed: the deadline of the whole is that of each, and who hangs must learn of it.
async function allOf(answers: readonly Answer[]): Promise<readonly Heard[]> {
  const settled = await Promise.allSettled(answers.map((each) => Promise.resolve(each)));
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

interface Question {
  readonly content: Content;
  readonly context: HookContext;
  readonly signal: AbortSignal;
}

/** A part's word; null: it failed, and can be done without. */
type Heard = { readonly part: HookPart; readonly findings: readonly Finding[] } | null;

type Answer = Heard | Promise<Heard>;

// Never throws: the others that were asked would have nobody who waits for them.
function ask(part: HookPart, question: Question): Answer {
  const verdict = verdictOf(part.hook, question);
  if (!(verdict instanceof Promise)) return heardOf(part, verdict);
  return verdict.then(
    (given) => heardOf(part, given),
    (error: unknown) => {
      if (part.required) throw error;
      return null;
    },
  );
}

function verdictOf(hook: ModerationHook, { content, context, signal }: Question): Verdict | Promise<Verdict> {
  try {
    return hook.inspect(content, context, signal);
  } catch (error) {
    return Promise.resolve().then(() => {
      throw error;
    });
  }
}

// What a hook decides itself counts as found; as what, if it does not say, is its own word for it.
function heardOf(part: HookPart, { action, findings }: Verdict): Heard {
  const isDecided = action !== null && action !== 'pass';
  const all = isDecided && findings.length === 0 ? [{ category: 'verdict', score: 1, span: null }] : findings;
  return { part, findings: all.map((each) => ({ ...each, category: renamed(part, each.category) })) };
}

function renamed({ categories }: HookPart, category: string): string {
  return (Object.hasOwn(categories, category) ? categories[category] : undefined) ?? category;
}

function combined(answers: readonly Heard[], combination: Combination): Verdict {
  const heard = answers.filter((each) => each !== null);
  if (heard.length === 0) throw new HookFailed('no hook of the combination answered');
  const named = new Set(heard.flatMap(({ findings }) => findings.map(({ category }) => category)));
  const findings = [...named].flatMap((category) => {
    const score = scoreOf(heard, category, combination);
    const found = heard.flatMap((each) => each.findings.filter((finding) => finding.category === category));
    // Every place is kept, and that there is none: whoever cuts out what was found must know that some of it has no place.
    return found.map((each) => ({ ...each, score }));
  });
  return { action: null, findings: findings.filter(({ score }) => score > 0) };
}

function scoreOf(heard: readonly Exclude<Heard, null>[], category: string, combination: Combination): number {
  const scores = heard.map(({ part: { weight }, findings }) => {
    const own = findings.filter((finding) => finding.category === category).map(({ score }) => score);
    return { weight, score: Math.max(0, ...own) };
  });
  switch (combination) {
    case 'any':
      return Math.max(...scores.map(({ score }) => score));
    case 'all':
      return Math.min(...scores.map(({ score }) => score));
    case 'weighted': {
      const weights = scores.reduce((sum, { weight }) => sum + weight, 0);
      return scores.reduce((sum, { weight, score }) => sum + weight * score, 0) / weights;
    }
  }
}

function furthest(lookBacks: readonly (number | 'all')[]): number | 'all' {
  const numbers = lookBacks.filter((each) => each !== 'all');
  return numbers.length < lookBacks.length ? 'all' : Math.max(0, ...numbers);
}
