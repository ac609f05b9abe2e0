// The words of the chosen language for components, and how numbers and times are written in it.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { firstLanguage, message, type Language, type MessageKey, type MessageParams } from './language.js';

/** What a component speaks with. */
export interface Words {
  readonly language: Language;
  readonly choose: (language: Language) => void;
  /** A message. */
  readonly t: (key: MessageKey, params?: MessageParams) => string;
  /** An instant in UTC, by minute. */
  readonly time: (iso: string) => string;
  /** A whole number with its thousands set apart. */
  readonly count: (n: number) => string;
}

const STORED_AT = 'trunkline.language';
const WordsContext = createContext<Words | null>(null);

/** Speaks to everything inside. */
export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const [language, choose] = useState(() => firstLanguage(localStorage.getItem(STORED_AT), navigator.languages));
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(STORED_AT, language);
  }, [language]);
  const words = useMemo((): Words => {
    const numbers = new Intl.NumberFormat(language);
    return {
      language,
      choose,
      t: (key, params) => message(language, key, params),
      time: (iso) => iso.slice(0, 16).replace('T', ' '),
      count: (n) => numbers.format(n),
    };
  }, [language]);
  return <WordsContext value={words}>{children}</WordsContext>;
}

/** The words of the language that was chosen. @throws Error outside of `WordsProvider` */
export function useWords(): Words {
  const words = useContext(WordsContext);
  if (words === null) throw new Error('no words here: wrap the tree in WordsProvider');
  return words;
}
