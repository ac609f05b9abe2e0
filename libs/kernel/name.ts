// What a name that people give may look like. Names end up in logs, terminals and spreadsheets, so nothing that any of
// these would execute gets in; exports then show every name as it is, unchanged.

const NAME_CHARS_MAX = 100;
// A cell that begins so is a formula to a spreadsheet, in either width of the character.
const FORMULA_START = /^[=+\-@\t\r＝＋－＠]/;
// Control characters, line and paragraph separators, and marks that turn the direction of the text around them.
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Cs}|\p{Co}|\p{Cn}/u;

// Characters that leave no mark and that Unicode lets a reader pass over: soft hyphens, joiners, variation selectors, fillers.
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/** Whether a text has characters that nobody sees or that turn what is around them; half a character counts as one. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/** Whether a spreadsheet would take the text for a formula. */
export function startsLikeFormula(text: string): boolean {
  return FORMULA_START.test(text);
}

/** A name in the form in which it is kept. */
export function tidyName(text: string): string {
  return text.normalize('NFC').trim();
}

/** What is wrong with a tidied name, as a sentence about `what`; null when nothing is. */
export function nameProblem(text: string, what = 'name'): string | null {
  if (text.length === 0) return `${what} must not be empty`;
  if (text.length > NAME_CHARS_MAX) return `${what} must have at most ${NAME_CHARS_MAX} characters`;
  if (hasInvisible(text)) return `${what} must not contain control, invisible or direction-changing characters`;
  return startsLikeFormula(text) ? `${what} must not begin with = + - or @: a spreadsheet would run it` : null;
}

/**
 * Whether two names are of one person, for what takes two: letter case, blanks around, what nobody sees and the way a
 * character is encoded do not make another. The database has the same rule (`same_person`), with as much of letter case as its locale knows.
 */
export function isSamePerson(a: string, b: string): boolean {
  return personKey(a) === personKey(b);
}

function personKey(name: string): string {
  return name.normalize('NFKC').replace(IGNORABLE, '').trim().toLowerCase();
}
