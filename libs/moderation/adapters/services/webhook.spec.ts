import { createHmac } from 'node:crypto';
import type { Content, HookFailed, Verdict } from '@trunkline/moderation';
import { webhookHook, type WebhookOptions, type WebhookPoster } from './webhook.js';

const KEY = Buffer.alloc(32, 1);
const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const SIGNAL = new AbortController().signal;
const TEXT = 'My name is Eve.';
const CONTENT: Content = { kind: 'typed_text', streamId: null, text: TEXT, startsAt: 0, complete: true };

type Request = Parameters<WebhookPoster['post']>[0];

function hookOf(
  answer: { readonly status?: number; readonly body: string } | Error,
  rest: Partial<WebhookOptions> = {},
) {
  const requests: Request[] = [];
  const poster: WebhookPoster = {
    post: (request) => {
      requests.push(request);
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ status: answer.status ?? 200, body: Buffer.from(answer.body) });
    },
  };
  const hook = webhookHook({
    ...{ url: 'https://hooks.example.com/judge', secret: `whsec_${KEY.toString('base64')}` },
    ...{ cadence: 'sentence', withImages: false, poster, nowMs: () => 1_700_000_000_123, mintId: () => 'id' },
    ...rest,
  });
  return { hook, requests, inspect: async (): Promise<Verdict> => hook.inspect(CONTENT, CONTEXT, SIGNAL) };
}

const answered = (body: unknown) => hookOf({ body: JSON.stringify(body) }).inspect();

describe('the question of a webhook', () => {
  it('is signed as Standard Webhooks are', async () => {
    const { inspect, requests } = hookOf({ body: '{"verdict":"pass"}' });
    await inspect();
    const { headers, body } = requests[0] ?? { headers: {}, body: '' };
    const signature = createHmac('sha256', KEY).update(`msg_id.1700000000.${body}`).digest('base64');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'msg_id',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${signature}`,
    });
    expect(JSON.parse(body)).toEqual({
      type: 'moderation.judge',
      timestamp: '2023-11-14T22:13:20.123Z',
      data: {
        ...{ tenant_id: 'tnt_a', session_id: 'ses_a', kind: 'typed_text', direction: 'input' },
        ...{ stream_id: null, text: TEXT, starts_at: 0, complete: true },
      },
    });
  });

  it('holds pictures only where the policy asks for it', () => {
    expect(hookOf({ body: '' }).hook.kinds).not.toContain('image');
    expect(hookOf({ body: '' }, { withImages: true }).hook.kinds).toContain('image');
  });

  it('is asked about a megabyte, and fails where it would be far more', async () => {
    const { hook, requests } = hookOf({ body: '{"verdict":"pass"}' });
    const ask = async (text: string): Promise<Verdict> => hook.inspect({ ...CONTENT, text }, CONTEXT, SIGNAL);
    expect((await ask('x'.repeat(1024 * 1024))).action).toBe('pass');
    await expect(ask('x'.repeat(4 * 1024 * 1024 + 1))).rejects.toMatchObject({ name: 'HookFailed' });
    expect(requests).toHaveLength(1);
  });

  it.each([
    '',
    'whsec_',
    'whsec_c2hvcnQ=',
    'secret',
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    `${KEY.toString('hex')}`,
  ])('cannot be signed with "%s", and the refusal says how to make a secret', (secret) => {
    expect(() => hookOf({ body: '' }, { secret })).toThrow(/openssl rand/);
  });
});

describe('the answer of a webhook', () => {
  it.each(['pass', 'flag', 'block', 'end'])('is its verdict: %s', async (verdict) => {
    expect(await answered({ verdict })).toEqual({ action: verdict, findings: [] });
  });

  it('may say what was found and where', async () => {
    const spans = [{ start: 11, end: 14, category: 'name' }];
    expect(await answered({ verdict: 'redact', categories: { name: 0.9, tone: 0.2 }, spans })).toEqual({
      action: 'redact',
      findings: [
        { category: 'name', score: 0.9, span: { start: 11, end: 14 } },
        { category: 'tone', score: 0.2, span: null },
      ],
    });
  });

  it.each<[string, unknown]>([
    ['no JSON', 'pass'],
    ['no object', 'null'],
    ['a list', '[]'],
    ['no verdict', '{}'],
    ['another verdict', '{"verdict":"allow"}'],
    ['more than a verdict', '{"verdict":"pass","comment":"fine"}'],
    ['a score over 1', '{"verdict":"flag","categories":{"a":1.1}}'],
    ['a score that is none', '{"verdict":"flag","categories":{"a":"high"}}'],
    ['a category that could be content', '{"verdict":"flag","categories":{"My name is Eve.":1}}'],
    ['a place outside of the text', '{"verdict":"redact","spans":[{"start":0,"end":16}]}'],
    ['a place of nothing', '{"verdict":"redact","spans":[{"start":3,"end":3}]}'],
    ['a redaction of nothing', '{"verdict":"redact"}'],
    ['an empty answer', ''],
  ])('is a failure when it is %s', async (_what, body) => {
    await expect(hookOf({ body: String(body) }).inspect()).rejects.toMatchObject({ name: 'HookFailed' });
  });

  it.each([199, 301, 307, 404, 500, 503])('is a failure with the status %s, whatever its body', async (status) => {
    await expect(hookOf({ status, body: '{"verdict":"pass"}' }).inspect()).rejects.toThrow(`answered ${status}`);
  });

  it('is told to operators without a word of it, nor of what was asked', async () => {
    const failures = [{ body: `{"verdict":"${TEXT}"}` }, Object.assign(new Error(TEXT), { code: 'ECONNREFUSED' })];
    const messages = failures.map((each) =>
      hookOf(each)
        .inspect()
        .then(
          () => 'no failure',
          (error: HookFailed) => error.message,
        ),
    );
    expect(await Promise.all(messages)).toEqual([
      'the webhook did not answer with a verdict',
      'the webhook could not be asked: ECONNREFUSED',
    ]);
  });
});
