// Asks a vendor's moderation model, by the sentence. What counts is the vendor's own word, or, for categories to which the
// policy gives a threshold, the score.
import type { CategoryScore, Classifier, ModerationHook } from '@trunkline/moderation';

/** What the hook is made of. */
export interface ClassifierOptions {
  readonly classifier: Classifier;
  readonly model: string;
  readonly cadence: 'sentence' | 'complete';
  /** The policy's thresholds by category; or everything is told, for others to judge. */
  readonly counts: ReadonlyMap<string, number> | 'every_score';
}

/** What precedes the newest sentence, for its meaning. */
const LOOK_BACK = 500;

/** A hook that knows what, and never where: nothing of what it finds can be cut out. */
export function classifierHook({ classifier, model, cadence, counts }: ClassifierOptions): ModerationHook {
  return {
    kinds: [
      ...(['typed_text', 'instructions', 'tools', 'input_transcript', 'tool_result', 'image'] as const),
      ...(['output_text', 'tool_arguments'] as const),
    ],
    lookBack: LOOK_BACK,
    cadence,
    inspect: async (content, context, signal) => {
      if (content.text.trim() === '') return { action: null, findings: [] };
      const scores = await classifier.classify({ model, content, context, signal });
      const found = scores.filter((each) => isFound(each, counts));
      return { action: null, findings: found.map(({ category, score }) => ({ category, score, span: null })) };
    },
  };
}

function isFound({ category, score, flagged }: CategoryScore, counts: ClassifierOptions['counts']): boolean {
  if (counts === 'every_score') return score > 0;
  const threshold = counts.get(category);
  return threshold === undefined ? flagged : score >= threshold;
}
