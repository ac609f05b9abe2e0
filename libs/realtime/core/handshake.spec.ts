import fc from 'fast-check';
import { parseHandshake, type UpgradeRequest } from './handshake.js';

const KEY = 'sk-secret-canary-1234567890';

function request(
  change: { url?: string; method?: string; headers?: Record<string, string | undefined> } = {},
): UpgradeRequest {
  return {
    method: change.method ?? 'GET',
    url: change.url ?? '/v1/realtime?model=gpt-realtime',
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      authorization: `Bearer ${KEY}`,
      ...change.headers,
    },
  };
}
const parse = (change: Parameters<typeof request>[0] = {}) => {
  const result = parseHandshake(request(change));
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
};
const refusal = (change: Parameters<typeof request>[0] = {}) => {
  const result = parseHandshake(request(change));
  if (result.ok) throw new Error('was accepted');
  return result.error;
};

describe('the handshake', () => {
  it('of openai-node over ws is read', () => {
    expect(parse({ headers: { 'user-agent': 'OpenAI/JS 7.57.0', 'openai-safety-identifier': 'user-7' } })).toEqual({
      path: '/v1/realtime',
      model: 'gpt-realtime',
      intent: null,
      callId: null,
      query: new Map(),
      credential: { key: KEY, via: 'bearer' },
      subprotocols: [],
      selectedSubprotocol: null,
      dialect: 'ga',
      origin: null,
      websocketKey: 'dGhlIHNhbXBsZSBub25jZQ==',
      safetyIdentifier: 'user-7',
      clientKind: 'server',
      userAgent: 'OpenAI/JS 7.57.0',
    });
  });

  it('of a browser is read, echoes only realtime, and keeps the key out of the subprotocols', () => {
    const handshake = parse({
      headers: {
        authorization: undefined,
        origin: 'https://app.example',
        'sec-websocket-protocol': `realtime, openai-insecure-api-key.${KEY}, openai-organization.org-x`,
      },
    });
    expect(handshake.credential).toEqual({ key: KEY, via: 'subprotocol' });
    expect(handshake.selectedSubprotocol).toBe('realtime');
    expect(handshake.subprotocols).toEqual(['realtime', 'openai-organization.org-x']);
    expect(handshake.clientKind).toBe('browser');
    expect(handshake.origin).toBe('https://app.example');
  });

  it.each([
    ['header', { 'openai-beta': 'realtime=v1' }],
    ['subprotocol', { 'sec-websocket-protocol': 'realtime, openai-beta.realtime-v1' }],
  ])('is of the beta dialect when a %s says so', (_where, headers) => {
    expect(parse({ headers }).dialect).toBe('beta');
  });

  it('reads intent, call id and unknown parameters', () => {
    expect(parse({ url: '/v1/realtime?intent=transcription' })).toMatchObject({ intent: 'transcription', model: null });
    expect(parse({ url: '/v1/realtime?call_id=rtc_1&x=%20y' })).toMatchObject({ callId: 'rtc_1' });
    expect(parse({ url: '/v1/realtime?call_id=rtc_1&x=%20y' }).query).toEqual(new Map([['x', ' y']]));
  });

  it('accepts a keep-alive connection that also upgrades, in any case', () => {
    expect(parse({ headers: { connection: 'keep-alive, UPGRADE', upgrade: 'WebSocket' } }).path).toBe('/v1/realtime');
  });

  it.each([
    ['another method', { method: 'POST' }, 'method_not_allowed'],
    ['plain HTTP', { headers: { upgrade: undefined, connection: undefined } }, 'upgrade_required'],
    ['another protocol', { headers: { upgrade: 'h2c' } }, 'upgrade_required'],
    ['no Connection: Upgrade', { headers: { connection: 'close' } }, 'upgrade_required'],
    ['version 8', { headers: { 'sec-websocket-version': '8' } }, 'upgrade_required'],
    ['no Sec-WebSocket-Key', { headers: { 'sec-websocket-key': undefined } }, 'upgrade_required'],
    ['a short Sec-WebSocket-Key', { headers: { 'sec-websocket-key': 'abc' } }, 'upgrade_required'],
    ['no key', { headers: { authorization: undefined } }, 'invalid_api_key'],
    ['a malformed Authorization', { headers: { authorization: 'Basic dXNlcjpwYXNz' } }, 'invalid_api_key'],
    ['an empty bearer', { headers: { authorization: 'Bearer ' } }, 'invalid_api_key'],
    ['a very long key', { headers: { authorization: `Bearer ${'k'.repeat(4_097)}` } }, 'invalid_api_key'],
    ['a key in the address', { url: `/v1/realtime?model=x&api_key=${KEY}` }, 'invalid_request'],
    ['a key under another name in the address', { url: `/v1/realtime?model=x&foo=${KEY}` }, 'invalid_request'],
    ['the model twice', { url: '/v1/realtime?model=a&model=b' }, 'invalid_request'],
    ['an absolute target', { url: 'http://other/v1/realtime' }, 'invalid_request'],
    ['a very long address', { url: `/v1/realtime?model=${'m'.repeat(5000)}` }, 'invalid_request'],
    ['a malformed subprotocol list', { headers: { 'sec-websocket-protocol': 'a b,,c' } }, 'invalid_request'],
  ])('is refused for %s', (_what, change, code) => {
    expect(refusal(change).code).toBe(code);
  });

  it('is refused with two credentials, equal or not, and says which to drop', () => {
    for (const other of [KEY, 'sk-other-canary']) {
      const error = refusal({ headers: { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${other}` } });
      expect(error.code).toBe('conflicting_credentials');
      expect(error.message).toMatch(/Drop the subprotocol/);
    }
  });

  it('that lacks a key is told how to send one', () => {
    expect(refusal({ headers: { authorization: undefined } }).message).toMatch(/Authorization: Bearer/);
  });

  it('never repeats a credential in a refusal, and never throws, whatever the request is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('GET', 'websocket', 'Upgrade', '13'),
    );
    const withKey = fc.tuple(text, text).map(([before, after]) => before + KEY + after);
    const value = fc.option(fc.oneof(text, withKey), { nil: undefined });
    const names = [
      'upgrade',
      'connection',
      'sec-websocket-version',
      'sec-websocket-key',
      'authorization',
      'sec-websocket-protocol',
      'origin',
    ];
    const headers = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    fc.assert(
      fc.property(headers, fc.option(withKey, { nil: undefined }), fc.boolean(), (some, query, valid) => {
        const base = request().headers;
        const result = parseHandshake({
          method: 'GET',
          url: `/v1/realtime?${query ?? ''}`,
          headers: valid ? { ...base, ...some } : some,
        });
        if (!result.ok) expect(JSON.stringify(result.error)).not.toContain('canary');
      }),
      { numRuns: 1000 },
    );
  });
});
