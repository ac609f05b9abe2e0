import fc from 'fast-check';
import { TextWindow } from './text-window.js';

describe('a text window', () => {
  it('shows every term at least once, however the stream is cut', () => {
    const pieces = fc.array(fc.string({ unit: 'binary', maxLength: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 8 }), (parts, length) => {
        const window = new TextWindow(length - 1);
        const all = parts.join('');
        const shown = parts.map((part) => window.add('s', part).text);
        for (let at = 0; at + length <= all.length; at++)
          expect(shown.some((text) => text.includes(all.slice(at, at + length)))).toBe(true);
      }),
    );
  });

  it('says where its text begins', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 9 })), fc.nat({ max: 9 }), (parts, lookBack) => {
        const window = new TextWindow(lookBack);
        let all = '';
        for (const part of parts) {
          all += part;
          const { text, startsAt } = window.add('s', part);
          expect(all.slice(startsAt)).toBe(text);
        }
      }),
    );
  });

  it('never begins in the middle of a character', () => {
    const window = new TextWindow(3);
    window.add('s', 'ab\u{1f600}\u{1f600}');
    expect(window.add('s', 'c').text).toBe('\u{1f600}\u{1f600}c');
  });

  it('forgets the oldest of too many streams', () => {
    const window = new TextWindow(9);
    for (let i = 0; i < 65; i++) window.add(`s${i}`, 'a');
    expect(window.add('s64', 'b').text).toBe('ab');
    expect(window.add('s0', 'b').text).toBe('b');
  });
});
