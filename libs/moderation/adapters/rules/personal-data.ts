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
}

// Between digits people put one space, dash or dot.
const SEPARATOR = /[ .\-\u2010-\u2015]/g;

/** What can be looked for, by category. */
export const DETECTORS = {
  /** Payment cards: 13 to 19 digits, Luhn (ISO/IEC 7812-1). */
  card_number: { form: /(?<![\d])\d(?:[ .\-\u2010-\u2015]?\d){12,18}(?![\d])/g, holds: isLuhn },
  /** Bank accounts: ISO 13616, remainder of 97. */
  iban: { form: /(?<![a-z\d])[a-z]{2}\d{2}(?:[ -]?[a-z\d]){11,30}(?![a-z\d])/g, holds: isIban },
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

/** @param wanted which kinds; each is a category of findings. */
export function personalDataHook(wanted: readonly PersonalData[]): ModerationHook {
  return textHook({
    longest: LONGEST,
    slice: SLICE,
    kinds: ['typed_text', 'instructions', 'input_transcript', 'tool_result', 'output_text', 'tool_arguments'],
    find: (text) => find(text, wanted),
  });
}

/** A text without any personal data that can be looked for. */
export function redactPersonalData(text: string): string {
  const found = find(text, Object.keys(DETECTORS).filter(isPersonalData));
  return redactSpans(
    text,
    found.flatMap(({ span }) => (span === null ? [] : [span])),
  );
}

function isPersonalData(name: string): name is PersonalData {
  return Object.hasOwn(DETECTORS, name);
}

function find(text: string, wanted: readonly PersonalData[]): Finding[] {
  const plain = plainText(text);
  return wanted.flatMap((category) => findIn(plain, category));
}

function findIn(plain: PlainText, category: PersonalData): Finding[] {
  const { form, holds }: Detector = DETECTORS[category];
  const found: Finding[] = [];
  for (const match of plain.text.matchAll(form)) {
    if (!holds(match[0].replace(SEPARATOR, ''))) continue;
    found.push({ category, score: 1, span: originSpan(plain, match.index, match.index + match[0].length) });
  }
  return found;
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
