import { parseModerationPolicy, Pipeline, redactSpans, type Finding } from '@trunkline/moderation';
import { noServices } from '../../test/hook-parts.js';
import { bindingOf } from '../../test/hooks.js';
import { bindingsOf, patternsHook, type Pattern } from './index.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const SIGNAL = new AbortController().signal;
// A backtracking engine needs longer for it than the universe is old.
const CATASTROPHE = pattern('(a+)+$');

function pattern(text: string, rest: Partial<Pattern> = {}): Pattern {
  return { pattern: text, category: 'found', caseSensitive: false, ...rest };
}

async function findings(patterns: readonly Pattern[], text: string, startsAt = 0): Promise<readonly Finding[]> {
  const content = { kind: 'typed_text', streamId: null, text, startsAt, complete: true } as const;
  return (await patternsHook(patterns).inspect(content, CONTEXT, SIGNAL)).findings;
}

async function redacted(patterns: readonly Pattern[], text: string): Promise<string> {
  const spans = (await findings(patterns, text)).flatMap(({ span }) => (span === null ? [] : [span]));
  return redactSpans(text, spans, '#');
}

describe('patterns', () => {
  it.each([
    ['project-\\d{4}', 'see Project-1234 and PROJECT-99', 'see # and PROJECT-99'],
    ['\\bkey\\b', 'key, keys, a KEY', '#, keys, a #'],
    ['passw(or)?d', 'Pass\u200bword and ｐａｓｓｗｄ', '# and #'],
    ['caf\u00e9+', 'cafe\u0301\u00e9!', '#!'],
    ['\u{1f4a3}+', 'a \u{1f4a3}\u{1f4a3} b', 'a # b'],
    ['قنبلة', 'هذه قنبلة الآن', 'هذه # الآن'],
  ])('%s finds "%s" however it is written', async (text, said, cut) => {
    expect(await redacted([pattern(text)], said)).toBe(cut);
  });

  it('tell capitals apart where they are asked to, each for itself', async () => {
    const both = [pattern('[A-Z]{2}\\d+', { caseSensitive: true }), pattern('[a-z]{3}\\d+')];
    expect(await redacted(both, 'AB12 ab12 ABC3 abc3')).toBe('# ab12 # #');
  });

  it('say which category each belongs to', async () => {
    const found = await findings(
      [pattern('one', { category: 'first' }), pattern('two', { category: 'second' })],
      'two',
    );
    expect(found).toEqual([{ category: 'second', score: 1, span: { start: 0, end: 3 } }]);
  });

  it('are found where they span deltas, once', () => {
    const hook = patternsHook([pattern('order \\d{6}')]);
    const pipeline = new Pipeline([bindingOf(hook)], CONTEXT, () => () => undefined);
    const actions = ['your or', 'der', ' 12', '34', '56', ', thanks'].map((text) =>
      pipeline.judge({ kind: 'output_text', streamId: 's', text, complete: false }),
    );
    expect(actions.map((decision) => ('action' in decision ? decision.action : 'later'))).toEqual([
      ...['pass', 'pass', 'pass', 'pass'],
      ...['block', 'pass'],
    ]);
  });

  it('begin where the stream begins, not where what is shown of it does', async () => {
    expect(await findings([pattern('^yes')], 'yes')).toHaveLength(1);
    expect(await findings([pattern('^yes')], 'yes', 4_000)).toEqual([]);
  });
});

describe('a text of a megabyte', () => {
  const MEGABYTE = 1024 * 1024;

  it('is searched to its end, also where two slices meet', async () => {
    const text = 'x'.repeat(8_190) + 'needle' + 'y'.repeat(MEGABYTE - 20_000) + 'needle';
    const found = await findings([pattern('needle')], text);
    expect(found.map(({ span }) => text.slice(span?.start, span?.end))).toEqual(['needle', 'needle']);
  });

  it('does no harm with a catastrophic pattern, and lets others go on meanwhile', async () => {
    const hook = patternsHook([CATASTROPHE, pattern('(x+x+)+y'), pattern('(a|aa)+b')]);
    const timeOf = async (length: number): Promise<number> => {
      const startedMs = performance.now();
      const text = `${'a'.repeat(length - 1)}!`;
      const content = { kind: 'typed_text', streamId: null, text, startsAt: 0, complete: true } as const;
      await hook.inspect(content, CONTEXT, SIGNAL);
      return performance.now() - startedMs;
    };
    await timeOf(MEGABYTE / 16);
    let turns = 0;
    let running = true;
    const watched = (async () => {
      while (running) {
        await new Promise((resolve) => setImmediate(resolve));
        turns += 1;
      }
    })();
    const small = await timeOf(MEGABYTE / 16);
    turns = 0;
    const large = await timeOf(MEGABYTE);
    running = false;
    await watched;
    // Sixteen times the text: 16 when linear, 256 when quadratic.
    expect(large / Math.max(small, 1)).toBeLessThan(128);
    expect(turns).toBeGreaterThan(100);
  });

  it('is given up when nobody waits any more', async () => {
    const controller = new AbortController();
    const content = {
      kind: 'typed_text',
      streamId: null,
      text: 'a'.repeat(MEGABYTE),
      startsAt: 0,
      complete: true,
    } as const;
    const verdict = patternsHook([CATASTROPHE]).inspect(content, CONTEXT, controller.signal);
    controller.abort(new Error('late'));
    await expect(verdict).rejects.toThrow('late');
  });

  it('counts the rest as found where a pattern finds too much to tell one by one', async () => {
    const found = await findings([pattern('a')], 'a'.repeat(5_000));
    expect(found).toHaveLength(200);
    expect(found.at(-1)?.span).toEqual({ start: 199, end: 5_000 });
  });
});

describe('a pattern that cannot be', () => {
  const refusal = (text: string): readonly string[] => {
    const hook = { type: 'patterns', name: 'codes', onFailure: 'closed', patterns: [{ pattern: text }] };
    const parsed = parseModerationPolicy({ version: 1, hooks: [hook] });
    const made = parsed.ok ? bindingsOf(parsed.value, noServices()) : parsed;
    return made.ok ? [] : made.error;
  };

  it.each([
    ['(unclosed', /missing closing \)/],
    ['(a)\\1', /invalid escape/],
    ['(?=a)b', /invalid or unsupported Perl syntax/],
    ['(a{1000}){1000}', /invalid repeat count/],
    ['a*', /empty text/],
    [`${'[a-z]{200}x?'.repeat(40)}`, /steps per character/],
  ])('is refused by its place, by itself and with the reason: %s', (text, why) => {
    expect(refusal(text)).toEqual([expect.stringMatching(/^hooks\.0 \(codes\): /)]);
    expect(refusal(text)[0]).toMatch(why);
  });
});
