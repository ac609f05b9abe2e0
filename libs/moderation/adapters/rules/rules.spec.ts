import { Pipeline, redactSpans, type Finding, type ModerationHook } from '@trunkline/moderation';
import { personalDataHook, termsHook, type PersonalData } from './index.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const SIGNAL = new AbortController().signal;

function findings(hook: ModerationHook, text: string): readonly Finding[] {
  const content = { kind: 'typed_text', streamId: null, text, startsAt: 0, complete: true } as const;
  const verdict = hook.inspect(content, CONTEXT, SIGNAL);
  if (verdict instanceof Promise) throw new Error('rules answer at once');
  return verdict.findings;
}

/** The text with everything found replaced. */
function redacted(hook: ModerationHook, text: string): string {
  return redactSpans(
    text,
    findings(hook, text).flatMap(({ span }) => (span === null ? [] : [span])),
    '#',
  );
}

describe('a list of terms', () => {
  const hook = termsHook([
    { text: 'Bombe', category: 'weapons', wholeWord: true },
    { text: '폭탄', category: 'weapons', wholeWord: false },
    { text: 'قنبلة', category: 'weapons', wholeWord: false },
    { text: 'café noir', category: 'code_word', wholeWord: true },
  ]);

  it.each([
    ['in capitals', 'eine BOMBE!', 'eine #!'],
    ['in full-width letters', 'eine Ｂｏｍｂｅ!', 'eine #!'],
    ['with unseen characters inside', 'eine Bo\u200bm\u200d\u00adbe!', 'eine #!'],
    ['with marks of direction around and inside', 'eine \u202eBom\u202cbe!', 'eine \u202e#!'],
    ['with its accent apart', 'un cafe\u0301 noir?', 'un #?'],
    ['in a script without spaces', '이폭탄은', '이#은'],
    ['in a script from right to left', 'هذه قنبلة الآن', 'هذه # الآن'],
    ['beside emoji', '\u{1f600}Bombe\u{1f600}', '\u{1f600}Bombe\u{1f600}'.replace('Bombe', '#')],
  ])('is found %s', (_how, text, cut) => {
    expect(redacted(hook, text)).toBe(cut);
  });

  it('is not found inside a longer word', () => {
    expect(findings(hook, 'Bomben, Bombenwetter, Kalorienbombe')).toEqual([]);
  });

  it('is found when it spans five deltas', () => {
    const binding = {
      name: 'terms',
      type: 'terms',
      hook,
      kinds: hook.kinds,
      deadlineMs: 10,
      onFailure: 'closed',
      categories: {},
      otherwise: { atLeast: 0, action: 'block' },
      dryRun: false,
    } as const;
    const pipeline = new Pipeline([binding], CONTEXT, () => () => undefined);
    const actions = ['un ca', 'f', 'e\u0301', ' no', 'ir '].map((text) =>
      pipeline.judge({ kind: 'output_text', streamId: 's', text, complete: false }),
    );
    expect(actions.at(-1)).toMatchObject({ action: 'block', words: [{ findings: [{ category: 'code_word' }] }] });
  });

  it('refuses terms that nobody could find', () => {
    expect(() => termsHook([{ text: '\u200b', category: 'x', wholeWord: true }])).toThrow(RangeError);
  });
});

describe('personal data', () => {
  const found = (kind: PersonalData, text: string) => redacted(personalDataHook([kind]), text);

  it.each([
    ['card_number', 'my card is 4111 1111 1111 1111.', 'my card is #.'],
    ['card_number', '5555-5555-5555-4444', '#'],
    ['card_number', '４１１１１１１１１１１１１１１１', '#'],
    ['card_number', 'order 4111 1111 1111 1112', 'order 4111 1111 1111 1112'],
    ['card_number', '0000 0000 0000 0000', '0000 0000 0000 0000'],
    ['iban', 'DE89 3704 0044 0532 0130 00', '#'],
    ['iban', 'DE89 3704 0044 0532 0130 01', 'DE89 3704 0044 0532 0130 01'],
    ['email', 'write to Eve.Adams@mail.example.com, please', 'write to #, please'],
    ['phone', 'call +49 30 901820 now', 'call # now'],
    ['us_ssn', 'it is 123-45-6789', 'it is #'],
    ['us_ssn', 'it is 666-45-6789', 'it is 666-45-6789'],
  ] as const)('%s in "%s"', (kind, text, cut) => {
    expect(found(kind, text)).toBe(cut);
  });

  it('takes time in proportion to the text, whatever it holds', () => {
    const hook = personalDataHook(['card_number', 'iban', 'email', 'phone', 'us_ssn']);
    const timeOf = (text: string): number => {
      const startedMs = performance.now();
      findings(hook, text);
      return performance.now() - startedMs;
    };
    for (const unit of ['1 ', 'a@', 'a.', '+1(', 'de11 ', '1-']) {
      const [small, large] = [20_000, 320_000].map((length) => {
        const text = unit.repeat(length / unit.length);
        return Math.min(timeOf(text), timeOf(text), timeOf(text));
      });
      // Sixteen times the text: 16 when linear, 256 when quadratic.
      expect((large ?? 0) / Math.max(small ?? 0, 1)).toBeLessThan(128);
    }
  });
});
