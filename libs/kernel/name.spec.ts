import { hasInvisible, isSamePerson } from './index.js';

describe('one person', () => {
  it.each([
    ['another case', 'Ann', 'aNN'],
    ['blanks around', ' ann ', 'ann'],
    ['a character in another form', 'Ren\u00e9', 'Rene\u0301'],
    ['letters of full width', '\uff41nn', 'ann'],
    ['a zero-width space', 'an\u200bn', 'ann'],
    ['joiners', 'a\u200dn\u200cn', 'ann'],
    ['a soft hyphen', 'an\u00adn', 'ann'],
    ['a variation selector', 'ann\ufe0f', 'ann'],
    ['a tag character', 'ann\u{e0041}', 'ann'],
    ['what is left when nothing is seen, with blanks', '\u2060 ann', 'ann'],
  ])('is not made two by %s', (_how, a, b) => {
    expect(isSamePerson(a, b)).toBe(true);
  });

  it('is not another one', () => {
    expect(isSamePerson('ann', 'anne')).toBe(false);
  });
});

it.each(['a\u200b', 'a\u202e', 'a\ufeff', 'a\n', 'a\u2028', 'a\ud800'])('what nobody sees is found in %j', (text) => {
  expect(hasInvisible(text)).toBe(true);
});
