// Finds terms of a list, in any script, however they are capitalised, composed or interspersed with unseen characters.
import type { Content, Finding, ModerationHook, Span } from '@trunkline/moderation';
import { plainText, type PlainText } from './plain-text.js';

/** A term and what it counts as. */
export interface Term {
  readonly text: string;
  /** What findings of it are called. */
  readonly category: string;
  /** Only where no letter or digit adjoins it; for scripts without spaces between words, false. */
  readonly wholeWord: boolean;
}

/** More would cost more than a millisecond for each sentence. */
export const TERMS_MAX = 2_000;
export const TERM_LENGTH_MAX = 200;
// A composed letter may be written in this many code units; and room for unseen characters between letters.
const WRITTEN_MAX = 4;
const UNSEEN_MAX = 64;

const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/** @throws RangeError when the list, or a term, is longer than can be searched for, or a term holds no letter. */
export function termsHook(terms: readonly Term[]): ModerationHook {
  if (terms.length > TERMS_MAX) throw new RangeError(`${terms.length} terms are more than ${TERMS_MAX}`);
  const searched = terms.map((term) => ({ ...term, text: searchable(term.text) }));
  const longest = Math.max(0, ...searched.map(({ text }) => text.length));
  return {
    kinds: ['typed_text', 'instructions', 'tools', 'input_transcript', 'tool_result', 'output_text', 'tool_arguments'],
    lookBack: longest * WRITTEN_MAX + UNSEEN_MAX,
    cadence: 'piece',
    inspect: ({ text }: Content) => {
      const plain = plainText(text);
      return { action: null, findings: searched.flatMap((term) => occurrences(plain, term)) };
    },
  };
}

function searchable(term: string): string {
  const { text } = plainText(term.trim());
  if (text === '' || term.length > TERM_LENGTH_MAX)
    throw new RangeError(`a term must have 1 to ${TERM_LENGTH_MAX} characters that can be seen`);
  return text;
}

function occurrences(plain: PlainText, { text: term, category, wholeWord }: Term): Finding[] {
  const found: Finding[] = [];
  for (let at = plain.text.indexOf(term); at !== -1; at = plain.text.indexOf(term, at + 1)) {
    const end = at + term.length;
    if (wholeWord && adjoinsWord(plain.text, at, end)) continue;
    found.push({ category, score: 1, span: originSpan(plain, at, end) });
  }
  return found;
}

/** Where a span of the plain text lies in the original. */
export function originSpan(plain: PlainText, start: number, end: number): Span {
  return { start: plain.originOf(start), end: plain.originOf(end) };
}

function adjoinsWord(text: string, start: number, end: number): boolean {
  const before = String.fromCodePoint(text.codePointAt(start - (isLowSurrogate(text, start - 1) ? 2 : 1)) ?? 0x20);
  const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20);
  return WORD_CHARACTER.test(before) || WORD_CHARACTER.test(after);
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}
