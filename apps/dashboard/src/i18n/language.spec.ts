import { en } from './en.js';
import { ko } from './ko.js';
import { firstLanguage, message } from './language.js';

const placesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

describe('the words', () => {
  it('are there in every language, and none is left over', () => {
    expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
  });

  it('say something, and take the same parameters in every language', () => {
    for (const [key, text] of Object.entries(en)) {
      const korean = (ko as Readonly<Record<string, string>>)[key] ?? '';
      expect({ key, says: korean.trim() !== '', places: placesIn(korean) }).toEqual({
        key,
        says: true,
        places: placesIn(text),
      });
    }
  });

  it('are filled in; what is missing stays visible', () => {
    expect(message('en', 'table.rows', { shown: 2, all: 5 })).toBe('2 of 5');
    expect(message('en', 'table.rows', { shown: 2 })).toBe('2 of {all}');
  });

  it('begin with what was chosen, then with what the browser wants, then with English', () => {
    expect(firstLanguage('ko', ['en-GB'])).toBe('ko');
    expect(firstLanguage(null, ['de-DE', 'ko-KR', 'en'])).toBe('ko');
    expect(firstLanguage('xx', ['fr'])).toBe('en');
  });
});
