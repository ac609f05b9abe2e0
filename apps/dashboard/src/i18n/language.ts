// Which words to show. English is the source: its keys are the keys.
import { en } from './en.js';
import { ko } from './ko.js';

/** A message by name. */
export type MessageKey = keyof typeof en;
/** A language that the dashboard speaks. */
export type Language = 'en' | 'ko';
/** What stands for `{name}` in a message. */
export type MessageParams = Readonly<Record<string, string | number>>;

/** The languages, each by its own name. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', ko: '한국어' };

const CATALOGUES: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, ko };

/** A message in a language, with its parameters filled in. */
export function message(language: Language, key: MessageKey, params: MessageParams = {}): string {
  return CATALOGUES[language][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The language to begin with: what was chosen before, else what the browser asks for, else English. */
export function firstLanguage(chosen: string | null, wanted: readonly string[]): Language {
  if (chosen === 'en' || chosen === 'ko') return chosen;
  for (const tag of wanted) {
    if (tag.startsWith('ko')) return 'ko';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}
