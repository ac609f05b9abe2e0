import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialTarget, refusalOfDial, refusalOfEarlyClose, refusalOfFirstEvent, type OpenAiAccount } from './dial.js';

function account(): OpenAiAccount {
  return {
    baseUrl: 'https://api.openai.com/v1/',
    apiKey: 'sk-upstream-secret',
    vendor: 'openai',
    deployments: new Map(),
  };
}

describe('dialling OpenAI', () => {
  const ACCOUNT = account();
  it('names the model, carries our key and nothing of the app but its safety identifier', () => {
    expect(dialTarget(ACCOUNT, { kind: 'conversation', model: 'gpt-realtime&x=1' }, 'user-7')).toEqual({
      url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime%26x%3D1',
      headers: {
        authorization: 'Bearer sk-upstream-secret',
        'user-agent': 'Trunkline',
        'openai-safety-identifier': 'user-7',
      },
    });
  });

  it('asks for a transcription session without a model, and keeps a plain scheme plain', () => {
    const target = dialTarget({ ...ACCOUNT, baseUrl: 'http://127.0.0.1:9/v1' }, { kind: 'transcription' }, null);
    expect(target.url).toBe('ws://127.0.0.1:9/v1/realtime?intent=transcription');
    expect(Object.keys(target.headers)).toEqual(['authorization', 'user-agent']);
  });

  it('names the deployment and sends the key in the header that Azure wants', () => {
    const azure: OpenAiAccount = {
      ...ACCOUNT,
      baseUrl: 'https://acme.openai.azure.com/openai/v1',
      vendor: 'azure',
      deployments: new Map([['gpt-realtime', 'voice-prod']]),
    };
    expect(dialTarget(azure, { kind: 'conversation', model: 'gpt-realtime' }, null)).toEqual({
      url: 'wss://acme.openai.azure.com/openai/v1/realtime?model=voice-prod',
      headers: { 'api-key': 'sk-upstream-secret', 'user-agent': 'Trunkline' },
    });
    expect(dialTarget(azure, { kind: 'conversation', model: 'other' }, null).url).toMatch(/model=other$/);
  });

  it('never repeats what the upstream said about our key', () => {
    const lines = readFileSync(
      join(import.meta.dirname, '../../../../test/fixtures/traces/connect_failures.jsonl'),
      'utf8',
    );
    const errors = lines
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: { type: string } }).event)
      .filter((event) => event.type === 'error');
    expect(errors.length).toBeGreaterThan(0);
    for (const event of errors) {
      const refusal = refusalOfFirstEvent(Buffer.from(JSON.stringify(event)));
      expect(refusal).not.toBeNull();
      expect(refusal?.message).not.toMatch(/sk-|platform\.openai\.com/);
    }
  });

  it.each([
    [
      { kind: 'http_status', status: 401, headers: {}, body: '{"error":{"code":"invalid_api_key"}}' },
      'upstream_refused',
    ],
    [{ kind: 'http_status', status: 429, headers: { 'retry-after': '7' }, body: '' }, 'upstream_capacity'],
    [{ kind: 'http_status', status: 500, headers: {}, body: 'oops' }, 'upstream_refused'],
    [{ kind: 'timeout' }, 'upstream_timeout'],
    [{ kind: 'tls_invalid' }, 'upstream_tls_invalid'],
    [{ kind: 'unreachable' }, 'upstream_unreachable'],
  ] as const)('turns %j into %s', (problem, code) => {
    expect(refusalOfDial(problem).code).toBe(code);
  });

  it('passes on how long to wait', () => {
    const problem = { kind: 'http_status', status: 429, headers: { 'retry-after': '7' }, body: '' } as const;
    expect(refusalOfDial(problem)).toMatchObject({ accountFullMs: 7_000, retryAfterMs: 5_000 });
    expect(refusalOfDial(problem).fullModel).toBeUndefined();
    const error = {
      code: 'rate_limit_exceeded',
      message: 'Rate limit reached for gpt-realtime-2 in organization org-1.',
    };
    expect(refusalOfDial({ ...problem, body: JSON.stringify({ error }) }).fullModel).toBe('gpt-realtime-2');
  });

  it('takes session.created, and only that, for an open session', () => {
    expect(refusalOfFirstEvent(Buffer.from('{"type":"session.created","session":{}}'))).toBeNull();
    for (const text of ['', 'null', '{"type":"response.done"}', '{"type":"error"}']) {
      expect(refusalOfFirstEvent(Buffer.from(text))).toMatchObject({ code: 'upstream_refused' });
    }
    expect(refusalOfEarlyClose(3000).code).toBe('upstream_refused');
    expect(refusalOfEarlyClose(4004).code).toBe('model_not_found');
    expect(refusalOfEarlyClose(1011).code).toBe('upstream_refused');
  });
});
