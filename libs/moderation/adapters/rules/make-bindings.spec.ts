import { parseModerationPolicy, Pipeline, type CategoryScore, type Decision } from '@trunkline/moderation';
import { noServices } from '../../test/hook-parts.js';
import { bindingsOf, type HookParts } from './index.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;
const WEBHOOK = {
  type: 'webhook',
  name: 'ours',
  onFailure: 'closed',
  url: 'https://hooks.example.com',
  secret: SECRET,
};

function made(hook: Record<string, unknown>, rest: Partial<HookParts> = {}) {
  const parsed = parseModerationPolicy({ version: 1, hooks: [hook] });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return bindingsOf(parsed.value, noServices(rest));
}

/** What a hook of a policy decides about a text. */
async function decide(hook: Record<string, unknown>, rest: Partial<HookParts>, text = 'x'): Promise<Decision> {
  const bindings = made(hook, rest);
  if (!bindings.ok) throw new Error(bindings.error.join('; '));
  const pipeline = new Pipeline(bindings.value, CONTEXT, () => () => undefined);
  return pipeline.judge({ kind: 'typed_text', streamId: null, text, complete: true });
}

const scoring = (...scores: readonly CategoryScore[]): Partial<HookParts> => ({
  classifier: { classify: () => Promise.resolve(scores) },
});
const answering = (body: unknown, rest: Partial<HookParts> = {}): Partial<HookParts> => ({
  poster: { post: () => Promise.resolve({ status: 200, body: Buffer.from(JSON.stringify(body)) }) },
  ...rest,
});

describe("a vendor's moderation in a policy", () => {
  const openai = (rest: object = {}) => ({ type: 'openai', name: 'vendor', onFailure: 'closed', ...rest });

  it('blocks what the vendor flags, however low its score, unless the policy says otherwise', async () => {
    const flagged = scoring({ category: 'sexual/minors', score: 0.2, flagged: true });
    expect((await decide(openai(), flagged)).action).toBe('block');
    expect((await decide(openai({ otherwise: { atLeast: 0, action: 'flag' } }), flagged)).action).toBe('flag');
    const threshold = { categories: { 'sexual/minors': { atLeast: 0.3, action: 'end' } } };
    expect((await decide(openai(threshold), flagged)).action).toBe('pass');
  });

  it('cannot cut out what it finds, and blocks it', async () => {
    const redacts = openai({ otherwise: { atLeast: 0, action: 'redact' } });
    expect(await decide(redacts, scoring({ category: 'hate', score: 1, flagged: true }))).toMatchObject({
      action: 'block',
      redacted: null,
    });
  });
});

describe('a webhook in a policy', () => {
  it('is signed with the secret that was sealed for its tenant', async () => {
    const sealed = { ...WEBHOOK, secret: 'sealed:v1.abc' };
    const openSecret = (text: string): string | null => (text === 'v1.abc' ? SECRET : null);
    expect((await decide(sealed, answering({ verdict: 'end' }, { openSecret }))).action).toBe('end');
    expect(made(sealed)).toEqual({
      ok: false,
      error: [expect.stringMatching(/^hooks\.0 \(ours\): its secret was sealed/)],
    });
  });

  it('rests after five failures, with the effect of its policy', async () => {
    let asked = 0;
    const bindings = made(WEBHOOK, { poster: { post: () => Promise.reject(new Error(`down ${++asked}`)) } });
    if (!bindings.ok) throw new Error(bindings.error.join('; '));
    const pipeline = new Pipeline(bindings.value, CONTEXT, () => () => undefined);
    const failures = [];
    for (let i = 0; i < 7; i++) {
      const { action, words } = await pipeline.judge({ kind: 'typed_text', streamId: null, text: 'x', complete: true });
      failures.push(`${action} ${words[0]?.failure ?? ''}`);
    }
    expect(failures).toEqual([...Array<string>(5).fill('block failed'), 'block resting', 'block resting']);
    expect(asked).toBe(5);
  });
});

describe('a combination in a policy', () => {
  const composite = (...hooks: readonly object[]) => ({
    ...{ type: 'composite', name: 'both', onFailure: 'closed', combine: 'all', hooks },
    otherwise: { atLeast: 0.5, action: 'block' },
  });
  const terms = { type: 'terms', terms: [{ text: 'tomorrow', category: 'threat' }] };

  it('judges by the scores of all, those under the vendor’s line too', async () => {
    const both = composite({ type: 'openai', rename: { violence: 'threat' } }, terms);
    const unflagged = scoring({ category: 'violence', score: 0.6, flagged: false });
    expect((await decide(both, unflagged, 'see you tomorrow')).action).toBe('block');
    expect((await decide(both, unflagged, 'see you')).action).toBe('pass');
  });

  it('takes the verdict of a webhook for its word', async () => {
    const { name: _name, onFailure: _onFailure, ...webhook } = WEBHOOK;
    const both = composite({ ...webhook, rename: { verdict: 'threat' } }, terms);
    expect((await decide(both, answering({ verdict: 'block' }), 'tomorrow')).action).toBe('block');
    expect((await decide(both, answering({ verdict: 'pass' }), 'tomorrow')).action).toBe('pass');
  });

  it('names the hook within it that cannot be made', () => {
    const broken = composite({ type: 'patterns', patterns: [{ pattern: '(' }] }, terms);
    expect(made(broken)).toEqual({ ok: false, error: [expect.stringMatching(/^hooks\.0 \(both\): the pattern \( /)] });
  });
});
