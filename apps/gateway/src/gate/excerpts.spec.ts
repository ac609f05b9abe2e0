import type { ContentKind } from '@trunkline/moderation';
import { termsHook } from '@trunkline/moderation/adapters/rules';
import { EXCERPT_MAX, Excerpts } from './excerpts.js';
import type { HeardWord } from './judge-event.js';

const CARD = '4111 1111 1111 1111';

function heard(text: string, at: number | null, rest: { kind?: ContentKind; streamId?: string } = {}): HeardWord {
  const hook = termsHook([{ text: 'x', category: 'word', wholeWord: false }]);
  const binding = {
    name: 'words',
    type: 'terms',
    hook,
    kinds: [],
    deadlineMs: 1,
    onFailure: 'open',
    dryRun: false,
  } as const;
  const otherwise = { atLeast: 0, action: 'flag' } as const;
  const span = at === null ? null : { start: at, end: at + 1 };
  const findings = [{ category: 'word', score: 1, span }];
  const piece = { kind: 'typed_text', streamId: null, text, complete: true, ...rest } as const;
  return {
    word: { binding: { ...binding, categories: {}, otherwise }, action: 'flag', findings, failure: null, reason: null },
    place: { piece, replace: () => undefined },
  };
}

describe('an excerpt', () => {
  it('is all of a short text, without personal data', () => {
    const excerpt = new Excerpts().around(heard(`My card is ${CARD}, buy a bomb`, 40));
    expect(excerpt).toBe('My card is [removed], buy a bomb');
  });

  it('is what lies around the find in a long one, and no part of a card at its edge', () => {
    const text = `${'a '.repeat(600)}${CARD} ${'b '.repeat(240)}bomb ${'c '.repeat(250)}${CARD}${' d'.repeat(900)}`;
    const excerpt = new Excerpts().around(heard(text, text.indexOf('bomb'))) ?? '';
    expect(excerpt).toContain('bomb');
    expect(excerpt.length).toBeLessThanOrEqual(EXCERPT_MAX + 100);
    expect(excerpt).not.toMatch(/\d{4}/);
  });

  it('is, of speech, what was said up to now, also when it came in pieces', () => {
    const excerpts = new Excerpts();
    const said = ['my card is 4111 11', '11 1111 1111 and I have ', 'a bomb'].map((text) =>
      heard(text, 0, { kind: 'output_text', streamId: 'item_1' }),
    );
    for (const { place } of said) excerpts.passed([place]);
    for (const each of said.slice(-1)) expect(excerpts.around(each)).toBe('my card is [removed] and I have a bomb');
  });

  it('is bounded however long somebody speaks', () => {
    const excerpts = new Excerpts();
    const piece = heard('word '.repeat(100), null, { kind: 'output_text', streamId: 'item_1' });
    for (let i = 0; i < 100; i++) excerpts.passed([piece.place]);
    expect(excerpts.around(piece)?.length).toBeLessThanOrEqual(EXCERPT_MAX);
  });

  it('is nothing for a picture', () => {
    expect(new Excerpts().around(heard('data:image/png;base64,AAAA', null, { kind: 'image' }))).toBeNull();
  });
});
