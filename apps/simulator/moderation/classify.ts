// What the simulator's moderation thinks of a text or picture: by words, so that a test can say what it wants. Each
// category has a word that is far over the line (0.95) and one that is near it and under (0.35); all else is at 0.00012.
// Guarantees the same answer to the same question.

/** A category, which inputs it is judged by, and its two words. */
interface CategoryEntry {
  readonly by: readonly ('text' | 'image')[];
  readonly flagged: string;
  readonly near: string;
}

const TEXT = ['text'] as const;
const BOTH = ['text', 'image'] as const;

/** The 13 categories of omni-moderation. */
export const CATEGORIES: Readonly<Record<string, CategoryEntry>> = {
  harassment: { by: TEXT, flagged: 'idiot', near: 'silly' },
  'harassment/threatening': { by: TEXT, flagged: 'getyou', near: 'watchout' },
  hate: { by: TEXT, flagged: 'hateful', near: 'dislike' },
  'hate/threatening': { by: TEXT, flagged: 'hatethreat', near: 'dislikethreat' },
  illicit: { by: TEXT, flagged: 'shoplift', near: 'lockpick' },
  'illicit/violent': { by: TEXT, flagged: 'bomb', near: 'knife' },
  'self-harm': { by: BOTH, flagged: 'selfharm', near: 'sad' },
  'self-harm/instructions': { by: BOTH, flagged: 'howtoselfharm', near: 'howtosad' },
  'self-harm/intent': { by: BOTH, flagged: 'willselfharm', near: 'willsad' },
  sexual: { by: BOTH, flagged: 'porn', near: 'kiss' },
  'sexual/minors': { by: TEXT, flagged: 'minorporn', near: 'minorkiss' },
  violence: { by: BOTH, flagged: 'kill', near: 'punch' },
  'violence/graphic': { by: BOTH, flagged: 'gore', near: 'blood' },
};

const FLAGGED = 0.95;
const NEAR = 0.35;
const CLEAN = 0.00012;
const FLAGGED_FROM = 0.5;

/** One thing to judge. */
export interface ModerationInput {
  readonly type: 'text' | 'image';
  /** The text; of a picture, its bytes read as Latin-1, so that a test can write a word into one. */
  readonly text: string;
}

/** A result as OpenAI writes one, of everything together. */
export function classify(inputs: readonly ModerationInput[]): Record<string, unknown> & { readonly flagged: boolean } {
  const categories: Record<string, boolean> = {};
  const scores: Record<string, number> = {};
  const applied: Record<string, readonly string[]> = {};
  for (const [name, entry] of Object.entries(CATEGORIES)) {
    const judged = inputs.filter(({ type }) => entry.by.includes(type));
    const score = Math.max(CLEAN, ...judged.map(({ text }) => scoreOf(wordsOf(text), entry)));
    categories[name] = score >= FLAGGED_FROM;
    scores[name] = score;
    applied[name] = [...new Set(judged.map(({ type }) => type))];
  }
  const flagged = Object.values(categories).includes(true);
  return { flagged, categories, category_scores: scores, category_applied_input_types: applied };
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[a-z]+/g) ?? []);
}

function scoreOf(words: ReadonlySet<string>, { flagged, near }: CategoryEntry): number {
  if (words.has(flagged)) return FLAGGED;
  return words.has(near) ? NEAR : CLEAN;
}
