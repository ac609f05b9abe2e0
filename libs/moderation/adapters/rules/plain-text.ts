// Text as rules compare it: one form for every way of writing the same letters, and without characters that nobody
// sees, so that a term is found in capitals, in full-width letters, with its accents apart, or with a zero-width joiner in
// its middle. Each code unit knows where it came from, so that what is found can be cut out of the original.

/** A text in one form. */
export interface PlainText {
  readonly text: string;
  /** The place in the original of a code unit of `text`; for its length, the end of the original. */
  originOf(index: number): number;
}

// Not letters, not space, not seen: soft hyphens, joiners, marks of direction, variation selectors, tags.
const UNSEEN = /\p{Default_Ignorable_Code_Point}/u;
const MARK = /^\p{M}$/u;

/**
 * Brings a text into one form (compatibility form, unseen characters left out).
 * @param letters in lower case, or capital and small as they are written.
 */
export function plainText(original: string, letters: 'lower' | 'as_written' = 'lower'): PlainText {
  const cased = (text: string): string => (letters === 'lower' ? text.toLowerCase() : text);
  if (isPlainAscii(original)) return { text: cased(original), originOf: (index) => index };
  const origins: number[] = [];
  let text = '';
  for (const cluster of clustersOf(original)) {
    const plain = cased(cluster.text.normalize('NFKC')).normalize('NFC');
    for (let i = 0; i < plain.length; i++) origins.push(cluster.start);
    text += plain;
  }
  return { text, originOf: (index) => origins[index] ?? original.length };
}

/** A character with the marks that follow it: what has to be composed together. */
function* clustersOf(original: string): Generator<{ readonly text: string; readonly start: number }> {
  let [text, start, at] = ['', 0, 0];
  for (const character of original) {
    if (!UNSEEN.test(character)) {
      if (!MARK.test(character) && text !== '') {
        yield { text, start };
        text = '';
      }
      if (text === '') start = at;
      text += character;
    }
    at += character.length;
  }
  if (text !== '') yield { text, start };
}

function isPlainAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
