// Finds personal data that has a form of its own. What has a check digit counts only when that is right, so that order
// numbers are not taken for cards. Numbers are found as people say and transcripts write them: in groups.
import { redactSpans, type Finding, type ModerationHook } from '@trunkline/moderation';
import { originSpan, plainText, type PlainText } from './plain-text.js';
import { textHook } from './text-hook.js';

interface Detector {
  /** Linear by construction: no nested repetition. */
  readonly form: RegExp;
  /** Whether what has the form is real; its separators are taken out. */
  readonly holds: (compact: string) => boolean;
  /** Where in what has the form it may be, likelier first; absent: all of it. */
  readonly within?: (text: string) => readonly (readonly [start: number, end: number])[];
  /** Where to look on, from the start of what has the form and the end of what was found in it or 0; absent: behind it. */
  readonly lookOn?: (text: string, foundEnd: number) => number;
}

// Between digits people put one space, dash or dot.
const SEPARATOR = /[ .\-\u2010-\u2015]/g;

/** What can be looked for, by category. */
export const DETECTORS = {
  /** Payment cards: 13 to 19 digits, Luhn (ISO/IEC 7812-1). */
  card_number: {
    form: /(?<![\d])\d(?:[ .\-\u2010-\u2015]?\d){12,63}(?![\d])/g,
    holds: isCard,
    within: cardsIn,
    lookOn: behindCards,
  },
  /** Bank accounts: ISO 13616, remainder of 97. */
  iban: {
    form: /(?<![a-z\d])[a-z]{2}\d{2}(?:[ -]?[a-z\d]){11,30}(?![a-z\d])/g,
    holds: isIban,
    within: ibanIn,
    // Words behind it have the form as well, and one of them may begin the next.
    lookOn: (_text, foundEnd) => foundEnd || 4,
  },
  email: { form: /[a-z\d._%+-]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){1,8}/g, holds: () => true },
  /** International telephone numbers with their plus sign. */
  phone: { form: /\+\d(?:[ .\-()\u2010-\u2015]?\d){6,14}(?![\d])/g, holds: () => true },
  /** US social security numbers: no area 000, 666 or 9xx, no group 00, no serial 0000. */
  us_ssn: { form: /(?<![\d-])\d{3}[ -]\d{2}[ -]\d{4}(?![\d-])/g, holds: isSocialSecurityNumber },
} as const satisfies Record<string, Detector>;

/** A kind of personal data. */
export type PersonalData = keyof typeof DETECTORS;

// The longest thing looked for: an address of e-mail.
const LONGEST = 400;
const SLICE = 4_096;
const CARD_DIGITS_MIN = 13;
const CARD_DIGITS_MAX = 19;
const GROUP_DIGITS_MIN = 3;
const FORM_DIGITS_MAX = 64;

// ISO 13616 registry: characters of an IBAN by country.
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    15: 'no',
    16: 'be',
    18: 'dk fi fk fo gl nl sd',
    19: 'mk si',
    20: 'at ba ee kz lt lu mn xk',
    21: 'ch hr li lv',
    22: 'bg bh cr de gb ge ie me rs va',
    23: 'ae gi il iq om so tl',
    24: 'ad cz es md pk ro sa se sk tn vg',
    25: 'ly pt st',
    26: 'is tr',
    27: 'bi dj fr gr it mc mr sm',
    28: 'al az by cy do gt hu lb ni pl sv',
    29: 'br eg ps qa ua',
    30: 'jo kw mu ye',
    31: 'mt sc',
    32: 'lc',
    33: 'ru',
  }).flatMap(([length, countries]) => countries.split(' ').map((country) => [country, Number(length)] as const)),
);

/** @param wanted which kinds; each is a category of findings. */
export function personalDataHook(wanted: readonly PersonalData[]): ModerationHook {
  return textHook({
    longest: LONGEST,
    slice: SLICE,
    kinds: ['typed_text', 'instructions', 'input_transcript', 'tool_result', 'output_text', 'tool_arguments'],
    find: (text, { isEnd }) => find(text, wanted, isEnd),
  });
}

/** A text without any personal data that can be looked for. */
export function redactPersonalData(text: string): string {
  const found = find(text, Object.keys(DETECTORS).filter(isPersonalData), true);
  return redactSpans(
    text,
    found.flatMap(({ span }) => (span === null ? [] : [span])),
  );
}

function isPersonalData(name: string): name is PersonalData {
  return Object.hasOwn(DETECTORS, name);
}

function find(text: string, wanted: readonly PersonalData[], isEnd: boolean): Finding[] {
  const plain = plainText(text);
  // What reaches the end of what was said so far may go on: then it is another number.
  const isOver = (end: number): boolean => isEnd || end < plain.text.length;
  return wanted.flatMap((category) => findIn(plain, category, isOver));
}

function findIn(plain: PlainText, category: PersonalData, isOver: (end: number) => boolean): Finding[] {
  const { form, holds, within = wholly, lookOn = behind }: Detector = DETECTORS[category];
  const found: Finding[] = [];
  form.lastIndex = 0;
  for (let match = form.exec(plain.text); match !== null; match = form.exec(plain.text)) {
    let from = 0;
    for (const [start, end] of within(match[0])) {
      if (start < from || !isOver(match.index + end) || !holds(match[0].slice(start, end).replace(SEPARATOR, '')))
        continue;
      const span = originSpan(plain, match.index + start, match.index + end);
      found.push({ category, score: 1, span, certainAt: span.end + 1 });
      from = end;
    }
    form.lastIndex = match.index + lookOn(match[0], from);
  }
  return found;
}

function behind(text: string): number {
  return text.length;
}

function wholly(text: string): readonly (readonly [number, number])[] {
  return [[0, text.length]];
}

// Before and behind a card's number people write other numbers: when it expires, its code. All of it, then groups of three
// digits and more that adjoin: single digits in a row are no groups, for every tenth number of them passes for a card.
function cardsIn(text: string): readonly (readonly [number, number])[] {
  const groups = [...text.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ index, length: digits.length }));
  const cards: (readonly [number, number])[] = [[0, text.length]];
  for (const [i, { index: start }] of groups.entries())
    for (let digits = 0, j = i; j < groups.length && digits < CARD_DIGITS_MAX; j++) {
      const { index, length } = groups[j] ?? { index: 0, length: 0 };
      if (length < GROUP_DIGITS_MIN) break;
      digits += length;
      if (digits >= CARD_DIGITS_MIN && digits <= CARD_DIGITS_MAX) cards.push([start, index + length]);
    }
  return cards;
}

// A form that was cut near its longest may end within a card.
function behindCards(text: string, foundEnd: number): number {
  const isCut = text.replace(SEPARATOR, '').length > FORM_DIGITS_MAX - CARD_DIGITS_MAX;
  return isCut ? Math.max(foundEnd, text.length - 2 * (CARD_DIGITS_MAX - 1)) : text.length;
}

// As long as its country's are; where that is not known, all of it.
function ibanIn(text: string): readonly (readonly [number, number])[] {
  const length = IBAN_LENGTHS.get(text.slice(0, 2));
  if (length === undefined) return wholly(text);
  let end = 0;
  for (let characters = 0; characters < length; end++) {
    if (end >= text.length) return [];
    if (/[a-z\d]/.test(text.charAt(end))) characters += 1;
  }
  return /^[a-z\d]/.test(text.slice(end)) ? [] : [[0, end]];
}

function isCard(digits: string): boolean {
  return digits.length >= CARD_DIGITS_MIN && digits.length <= CARD_DIGITS_MAX && isLuhn(digits);
}

function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits.charAt(digits.length - 1 - i));
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum > 0 && sum % 10 === 0;
}

function isIban(compact: string): boolean {
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

function isSocialSecurityNumber(compact: string): boolean {
  const [area, group, serial] = [compact.slice(0, 3), compact.slice(3, 5), compact.slice(5)];
  return area !== '000' && area !== '666' && !area.startsWith('9') && group !== '00' && serial !== '0000';
}
