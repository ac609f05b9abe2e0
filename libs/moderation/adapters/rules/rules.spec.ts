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

/** As `findings`, of a text of any length. */
async function inspected(hook: ModerationHook, text: string): Promise<readonly Finding[]> {
  const content = { kind: 'typed_text', streamId: null, text, startsAt: 0, complete: true } as const;
  return (await hook.inspect(content, CONTEXT, SIGNAL)).findings;
}

/** The text with everything found replaced. */
function redacted(hook: ModerationHook, text: string): string {
  return redactSpans(
    text,
    findings(hook, text).flatMap(({ span }) => (span === null ? [] : [span])),
    '#',
  );
}

/** A session that is judged by one hook alone. */
function pipelineOf(hook: ModerationHook): Pipeline {
  const binding = {
    name: 'rule',
    type: 'rule',
    hook,
    kinds: hook.kinds,
    deadlineMs: 10,
    onFailure: 'closed',
    categories: {},
    otherwise: { atLeast: 0, action: 'block' },
    dryRun: false,
  } as const;
  return new Pipeline([binding], CONTEXT, () => () => undefined);
}

/** What is found, and with which piece, of a stream that ends with its last piece. */
function foundIn(hook: ModerationHook, pieces: readonly string[]): readonly string[] {
  const pipeline = pipelineOf(hook);
  return pieces.flatMap((text, i) => {
    const decision = pipeline.judge({ kind: 'output_text', streamId: 's', text, complete: i === pieces.length - 1 });
    if (decision instanceof Promise) throw new Error('rules answer at once');
    return decision.words.flatMap(({ findings: of }) => of.map(({ category }) => `${category} ${i}`));
  });
}

describe('what comes in pieces', () => {
  const term = (text: string) => ({ text, category: text, wholeWord: true });
  const rules = termsHook([term('ass'), term('caf\u00e9 noir'), { ...term('\ud3ed\ud0c4'), wholeWord: false }]);
  const numbers = personalDataHook(['card_number', 'iban', 'email', 'phone', 'us_ssn']);

  it.each([
    ['does not end where a piece does', rules, ['you ass', 'ume so', ''], []],
    ['ends when something else begins', rules, ['you ass', '!', ''], ['ass 1']],
    ['ends with the stream', rules, ['you ass', ''], ['ass 1']],
    ['goes on behind what nobody sees', rules, ['you ass', '\u200b', '\u200bume', ''], []],
    ['ends behind what nobody sees', rules, ['you ass', '\u200b', '\u200b so', ''], ['ass 2']],
    ['is found at once where words have no ends', rules, ['\ud3ed', '\ud0c4', ''], ['\ud3ed\ud0c4 1']],
    ['is no card where digits follow', numbers, ['4111111111111111', '2', ''], []],
    ['is a card where something else follows', numbers, ['4111 1111', ' 1111 1111', ', yes', ''], ['card_number 2']],
    ['is a card at the end', numbers, ['41111111', '11111111', ''], ['card_number 2']],
    ['is a card before what is on it besides', numbers, ['4111 1111 1111 1111 12', '/27 123', ''], ['card_number 0']],
  ])('%s', (_what, hook, pieces, found) => {
    expect(foundIn(hook, pieces)).toEqual(found);
  });

  it('is found as in one piece, and once, however it is cut', () => {
    const text =
      'you ass: 4111 1111 1111 1111 12/27, caf\u00e9 noir, a.b@example.com! +49 30 901820 or DE89 3704 0044 0532 0130 00; 123-45-6789';
    for (const hook of [rules, numbers]) {
      const kinds = (pieces: readonly string[]) =>
        foundIn(hook, pieces)
          .map((each) => each.split(' ')[0])
          .sort();
      const all = kinds([text]);
      expect(all.length).toBeGreaterThan(1);
      for (let at = 0; at <= text.length; at++) expect(kinds([text.slice(0, at), text.slice(at)])).toEqual(all);
      expect(kinds([...text, ''])).toEqual(all);
    }
  });
});

describe('a list of terms', () => {
  const hook = termsHook([
    { text: 'Bombe', category: 'weapons', wholeWord: true },
    { text: '폭탄', category: 'weapons', wholeWord: false },
    { text: 'قنبلة', category: 'weapons', wholeWord: false },
    { text: '\u03bf\u03b4\u03bf\u03c2', category: 'code_word', wholeWord: true },
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
    ['in capitals that are small another way', '\u039f\u0394\u039f\u03a3!', '#!'],
    ['beside emoji', '\u{1f600}Bombe\u{1f600}', '\u{1f600}Bombe\u{1f600}'.replace('Bombe', '#')],
  ])('is found %s', (_how, text, cut) => {
    expect(redacted(hook, text)).toBe(cut);
  });

  it('is not found inside a longer word', () => {
    expect(findings(hook, 'Bomben, Bombenwetter, Kalorienbombe')).toEqual([]);
  });

  it('is found when it spans five deltas', () => {
    const pipeline = pipelineOf(hook);
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
    ['card_number', '4111 1111 1111 1111 12/27 123', '# 12/27 123'],
    ['card_number', '4111 1111 1111 1111 5555 5555 5555 4444', '# #'],
    ['card_number', '４１１１１１１１１１１１１１１１', '#'],
    ['card_number', 'order 4111 1111 1111 1112', 'order 4111 1111 1111 1112'],
    ['card_number', '0000 0000 0000 0000', '0000 0000 0000 0000'],
    ['iban', 'DE89 3704 0044 0532 0130 00', '#'],
    ['iban', 'DE89 3704 0044 0532 0130 00 is mine', '# is mine'],
    ['iban', 'DE89 3704 0044 0532 0130 00 thanks a lot', '# thanks a lot'],
    ['iban', 'DE89370400440532013000 GB82 WEST 1234 5698 7654 32 now', '# # now'],
    ['iban', 'ab12 is the room, ab12 is de89 3704 0044 0532 0130 00', 'ab12 is the room, ab12 is #'],
    ['iban', 'DE89 3704 0044 0532 0130 001', 'DE89 3704 0044 0532 0130 001'],
    ['card_number', `${'123456 '.repeat(10)}4111 1111 1111 1111`, `${'123456 '.repeat(10)}#`],
    ['card_number', `${'123456 '.repeat(9)}4111 1111 1111 1111`, `${'123456 '.repeat(9)}#`],
    ['iban', 'DE89 3704 0044 0532 0130 01', 'DE89 3704 0044 0532 0130 01'],
    ['email', 'write to Eve.Adams@mail.example.com, please', 'write to #, please'],
    ['phone', 'call +49 30 901820 now', 'call # now'],
    ['us_ssn', 'it is 123-45-6789', 'it is #'],
    ['us_ssn', 'it is 666-45-6789', 'it is 666-45-6789'],
  ] as const)('%s in "%s"', (kind, text, cut) => {
    expect(found(kind, text)).toBe(cut);
  });

  it('takes time in proportion to the text, whatever it holds', async () => {
    const hook = personalDataHook(['card_number', 'iban', 'email', 'phone', 'us_ssn']);
    const timeOf = async (text: string): Promise<number> => {
      const startedMs = performance.now();
      await inspected(hook, text);
      return performance.now() - startedMs;
    };
    const bestOf = async (text: string): Promise<number> =>
      Math.min(await timeOf(text), await timeOf(text), await timeOf(text));
    for (const unit of ['1 ', 'a@', 'a.', '+1(', 'de11 ', '1-']) {
      const small = await bestOf(unit.repeat(20_000 / unit.length));
      const large = await bestOf(unit.repeat(320_000 / unit.length));
      // Sixteen times the text: 16 when linear, 256 when quadratic.
      expect(large / Math.max(small, 1)).toBeLessThan(128);
    }
  });
});

describe('a text of a megabyte', () => {
  const MEGABYTE = 1024 * 1024;
  const word = (text: string) => ({ text, category: 'term', wholeWord: true });
  // None of them is there, and each begins as what is.
  const many = Array.from({ length: 1_999 }, (_, i) => word(`needle${i}x`));
  const foundIn = async (hook: ModerationHook, text: string): Promise<readonly string[]> =>
    (await inspected(hook, text)).map(({ span }) => text.slice(span?.start, span?.end));

  it('is searched to its end, and what lies over two slices is found once', async () => {
    const hook = termsHook([...many, word('needle')]);
    for (let at = 4_080; at < 4_110; at++) {
      const text = `${'-'.repeat(at)}needle${'-'.repeat(20_000)}nee\u200bdle`;
      expect(await foundIn(hook, text)).toEqual(['needle', 'nee\u200bdle']);
    }
    expect(await foundIn(hook, `${'-'.repeat(MEGABYTE)}needle`)).toEqual(['needle']);
    const card = `${'-'.repeat(4_090)}4111 1111 1111 1111${'-'.repeat(MEGABYTE)}`;
    expect(await foundIn(personalDataHook(['card_number']), card)).toEqual(['4111 1111 1111 1111']);
  });

  it('has no ends of words where slices end', async () => {
    for (let at = 4_080; at < 4_110; at++)
      expect(await foundIn(termsHook([word('needle')]), `${'-'.repeat(at)}needles${'-'.repeat(20_000)}`)).toEqual([]);
  });

  it('lets others go on meanwhile', async () => {
    let turns = 0;
    let isOver = false;
    const watched = (async () => {
      for (; !isOver; turns++) await new Promise((resolve) => setImmediate(resolve));
    })();
    await inspected(termsHook(many), 'needle'.repeat(MEGABYTE / 6));
    await inspected(personalDataHook(['email', 'card_number']), 'n\u00e9\u00e9dle'.repeat(MEGABYTE / 6));
    isOver = true;
    await watched;
    expect(turns).toBeGreaterThan(200);
  });

  it('takes time in proportion to the text, and hardly more for a long list', async () => {
    const text = 'the needle lies in a stack of hay '.repeat(MEGABYTE / 34);
    const timeOf = async (hook: ModerationHook): Promise<number> => {
      const startedMs = performance.now();
      await inspected(hook, text);
      return performance.now() - startedMs;
    };
    const [one, all] = [termsHook(many.slice(0, 1)), termsHook(many)];
    const few: number[] = [];
    const lots: number[] = [];
    // By turns, so that both are measured on a machine that is as busy.
    for (let i = 0; i < 5; i++) {
      few.push(await timeOf(one));
      lots.push(await timeOf(all));
    }
    // One by one, two thousand terms took several hundred times as long as one.
    expect(Math.min(...lots) / Math.max(1, Math.min(...few))).toBeLessThan(50);
  });
});
