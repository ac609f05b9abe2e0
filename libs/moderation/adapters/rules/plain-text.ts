// Text as rules compare it: one form for every way of writing the same letters, and without characters that nobody
// sees, so that a term is found in capitals, in full-width letters, with its accents apart, or with a zero-width joiner in
// its middle. Each code unit knows where it came from, so that what is found can be cut out of the original.

import type { Span } from '@trunkline/moderation';

/** A text in one form. */
export interface PlainText {
  readonly text: string;
  /** The place in the original of a code unit of `text`; for its length, the end of the original. */
  originOf(index: number): number;
}

// Not letters, not space, not seen: soft hyphens, joiners, marks of direction, variation selectors, tags.
const UNSEEN = /\p{Default_Ignorable_Code_Point}/u;
const ALL_UNSEEN = /\p{Default_Ignorable_Code_Point}+/gu;
// What has to be brought into form together: letters that are in it (but for the last one, which may have marks), what nobody
// sees, or a character with all marks that follow it.
const CLUSTER =
  /[\0-\x7f]+(?=[\0-\x7f]|$)|\p{Default_Ignorable_Code_Point}+|.[\p{M}\p{Default_Ignorable_Code_Point}]*/gsu;
// A composed letter may be written in so many code units; and room for unseen characters between letters.
const WRITTEN_MAX = 4;
const UNSEEN_MAX = 64;

/**
 * Brings a text into one form (compatibility form, unseen characters left out).
 * @param letters in lower case, or capital and small as they are written.
 */
export function plainText(original: string, letters: 'lower' | 'as_written' = 'lower'): PlainText {
  // At the end of a word a sigma is another letter in small, and is not where the word goes on in the next piece.
  const cased = (text: string): string =>
    letters === 'lower' ? text.toLowerCase().replaceAll('\u03c2', '\u03c3') : text;
  if (isPlainAscii(original) || isInForm(original, cased)) return { text: cased(original), originOf: (index) => index };
  const origins: number[] = [];
  let text = '';
  for (const { 0: cluster, index } of original.matchAll(CLUSTER)) {
    const isAscii = cluster.charCodeAt(0) <= 0x7f && isPlainAscii(cluster);
    const plain = isAscii
      ? cased(cluster)
      : cased(cluster.replaceAll(ALL_UNSEEN, '').normalize('NFKC')).normalize('NFC');
    for (let i = 0; i < plain.length; i++) origins.push(isAscii ? index + i : index);
    text += plain;
  }
  return { text, originOf: (index) => origins[index] ?? original.length };
}

/** The most UTF-16 code units in which so many letters of plain text are written. */
export function writtenMax(letters: number): number {
  return letters * WRITTEN_MAX + UNSEEN_MAX;
}

/** Where a span of the plain text lies in the original. */
export function originSpan(plain: PlainText, start: number, end: number): Span {
  return { start: plain.originOf(start), end: plain.originOf(end) };
}

/** Most texts are in the one form as they are written, letter for letter, and bringing them there is dear. */
function isInForm(original: string, cased: (text: string) => string): boolean {
  if (UNSEEN.test(original) || original.normalize('NFKC') !== original) return false;
  const text = cased(original);
  // In small letters a text is never shorter.
  return text.length === original.length && text.normalize('NFC') === text;
}

function isPlainAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
