// A text of a megabyte before local rules: how long they take for all of it, and the longest that nobody else got a turn of the
// event loop meanwhile.
import type { ModerationHook } from '@trunkline/moderation';
import { costlyPatterns, manyTerms, personalData } from './subjects.js';

/** What was measured, in milliseconds. */
export interface LongTextFigures {
  readonly title: string;
  readonly totalMs: number;
  readonly longestTurnMs: number;
}

const MEGABYTE = 1024 * 1024;
const SENTENCE = 'I would like to know where my last order is, please, it has the number 4711. ';
const TEXTS = {
  'plain text': SENTENCE,
  'text with accents': SENTENCE.replaceAll('e', '\u00e9'),
  'text with unseen characters': SENTENCE.replaceAll('or', 'o\u200br'),
  // Nearly a term, nearly a pattern.
  'text made to cost': 'unspeakable aaaaaaaa xxxxxxxx 4111-1111-1111- a@a.',
} as const;
const HOOKS = { '2,000 terms': manyTerms(2_000), 'personal data': personalData(), 'costly patterns': costlyPatterns() };

/** Each rule with each text; the best of some rounds, for other programs only add to it. */
export async function measureLongTexts(rounds: number): Promise<readonly LongTextFigures[]> {
  const figures: LongTextFigures[] = [];
  for (const [what, hook] of Object.entries(HOOKS))
    for (const [kind, unit] of Object.entries(TEXTS)) {
      const text = unit.repeat(Math.ceil(MEGABYTE / unit.length)).slice(0, MEGABYTE);
      const all: Omit<LongTextFigures, 'title'>[] = [];
      for (let i = 0; i < rounds; i++) all.push(await once(hook, text));
      const least = (of: (each: Omit<LongTextFigures, 'title'>) => number): number => Math.min(...all.map(of));
      const best = { totalMs: least(({ totalMs }) => totalMs), longestTurnMs: least((each) => each.longestTurnMs) };
      figures.push({ title: `${what}, ${kind}`, ...best });
    }
  return figures;
}

async function once(hook: ModerationHook, text: string): Promise<Omit<LongTextFigures, 'title'>> {
  let [longestTurnMs, isOver] = [0, false];
  const beganMs = performance.now();
  let lastMs = beganMs;
  const turn = (): void => {
    const nowMs = performance.now();
    longestTurnMs = Math.max(longestTurnMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const content = { kind: 'typed_text', streamId: null, text, startsAt: 0, complete: true } as const;
  const context = { tenantId: 'tnt_bench', sessionId: 'ses_bench' };
  await hook.inspect(content, context, new AbortController().signal);
  isOver = true;
  return { totalMs: performance.now() - beganMs, longestTurnMs };
}
