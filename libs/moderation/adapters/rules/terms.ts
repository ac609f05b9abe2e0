// Finds terms of a list, in any script, however they are capitalised, composed or interspersed with unseen characters. The list
// is asked in one pass over the text, whose time hardly grows with the list.
import type { Finding, ModerationHook } from '@trunkline/moderation';
import { originSpan, plainText, writtenMax, type PlainText } from './plain-text.js';
import { textHook } from './text-hook.js';

/** A term and what it counts as. */
export interface Term {
  readonly text: string;
  /** What findings of it are called. */
  readonly category: string;
  /** Only where no letter or digit adjoins it; for scripts without spaces between words, false. */
  readonly wholeWord: boolean;
}

export const TERMS_MAX = 2_000;
export const TERM_LENGTH_MAX = 200;
const SLICE = 4_096;
// So few terms that begin alike are compared one by one.
const FEW = 4;

const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/** @throws RangeError when the list, or a term, is longer than can be searched for, or a term holds no letter. */
export function termsHook(terms: readonly Term[]): ModerationHook {
  if (terms.length > TERMS_MAX) throw new RangeError(`${terms.length} terms are more than ${TERMS_MAX}`);
  const searched = terms.map((term) => ({ ...term, text: searchable(term.text) }));
  const index = indexOf(searched, 0);
  const longest = Math.max(0, ...searched.map(({ text }) => text.length));
  return textHook({
    longest: writtenMax(longest),
    slice: SLICE,
    find: (text, { isEnd }) => occurrences(plainText(text), index, isEnd),
  });
}

function searchable(term: string): string {
  const { text } = plainText(term.trim());
  if (text === '' || term.length > TERM_LENGTH_MAX)
    throw new RangeError(`a term must have 1 to ${TERM_LENGTH_MAX} characters that can be seen`);
  return text;
}

/** Terms that begin with the same letters. */
interface Index {
  /** Those that are compared: all of a few, or those that have no further letter. */
  readonly here: readonly Term[];
  /** The others, by their next letter. */
  readonly next: ReadonlyMap<number, Index>;
}

function indexOf(terms: readonly Term[], depth: number): Index {
  if (terms.length <= FEW) return { here: terms, next: new Map() };
  const longer = new Map<number, Term[]>();
  for (const term of terms.filter(({ text }) => text.length > depth)) {
    const letter = term.text.charCodeAt(depth);
    longer.set(letter, [...(longer.get(letter) ?? []), term]);
  }
  return {
    here: terms.filter(({ text }) => text.length === depth),
    next: new Map([...longer].map(([letter, group]) => [letter, indexOf(group, depth + 1)])),
  };
}

function occurrences(plain: PlainText, index: Index, isEnd: boolean): Finding[] {
  const found: Finding[] = [];
  for (let at = 0; at < plain.text.length; at++) {
    let depth = 0;
    for (
      let node: Index | undefined = index;
      node !== undefined;
      node = node.next.get(plain.text.charCodeAt(at + depth++))
    )
      for (const term of node.here)
        if (isThere(plain.text, at, term) && (isEnd || isOver(plain.text, at, term)))
          found.push(findingOf(plain, at, term));
  }
  return found;
}

function isThere(text: string, at: number, { text: term, wholeWord }: Term): boolean {
  return text.startsWith(term, at) && !(wholeWord && adjoinsWord(text, at, at + term.length));
}

/** Whether a word that must be whole has ended, for something else has begun: "ass" may yet become "assume". */
function isOver(text: string, at: number, { text: term, wholeWord }: Term): boolean {
  return !wholeWord || at + term.length < text.length;
}

function findingOf(plain: PlainText, at: number, { text, category, wholeWord }: Term): Finding {
  const span = originSpan(plain, at, at + text.length);
  return { category, score: 1, span, ...(wholeWord ? { certainAt: span.end + 1 } : {}) };
}

function adjoinsWord(text: string, start: number, end: number): boolean {
  const before = String.fromCodePoint(text.codePointAt(start - (isLowSurrogate(text, start - 1) ? 2 : 1)) ?? 0x20);
  const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20);
  return WORD_CHARACTER.test(before) || WORD_CHARACTER.test(after);
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}
