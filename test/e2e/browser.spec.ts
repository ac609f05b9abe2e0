// A browser page holds a spoken conversation through the gateway: key or client secret in the subprotocol, microphone-paced
// speech in, the answer played through WebAudio, and an interruption by speaking over it. And what a client secret is worth,
// with the clients that apps mint and use one with.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from '@openai/agents-realtime';
import OpenAI from 'openai';
import type { ClientSecretCreateParams } from 'openai/resources/realtime/client-secrets';
import { chromium, type Browser } from 'playwright-core';
import { loadClips } from '../../apps/simulator/index.js';
import { listen } from '@trunkline/platform/http';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { findChromium } from '../support/chromium.js';
import { eventually } from '../support/poll.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

// What an app developer would write: no library, only what a browser has.
const PAGE = readFileSync(new URL('../fixtures/browser/conversation.js', import.meta.url), 'utf8');

let bed: GatewayBed;
let browser: Browser;
let pages: Server;
let origin: string;
beforeAll(async () => {
  bed = await startBed({ simulator: { reply: { audioMs: 6_000, audioSpeed: 2 } } });
  browser = await chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  pages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>voice</title><script>${PAGE}</script>`);
  });
  origin = `http://127.0.0.1:${await listen(pages, { host: '127.0.0.1', port: 0, flag: '' })}`;
}, 120_000);
afterAll(async () => {
  await browser.close();
  pages.close();
  await bed.stop();
}, 60_000);

interface Heard {
  readonly protocol: string;
  readonly types: readonly string[];
  readonly statuses: readonly string[];
  readonly playedSeconds: number;
  readonly loudest: number;
}

/** The official client with a server's key. */
const server = (apiKey = bed.product().ready.apiKey) =>
  new OpenAI({ baseURL: `${bed.product().ready.httpUrl}/v1`, apiKey, maxRetries: 0 });

/** As a server mints; `trunkline` is what OpenAI's types do not know. */
const mint = (body: ClientSecretCreateParams & { readonly trunkline?: object } = {}, client = server()) =>
  client.realtime.clientSecrets.create(body);

/** A spoken conversation of a page with this credential. */
async function conversationWith(apiKey: string): Promise<Heard> {
  const clips = loadClips();
  const speech = ['hear-me', 'stop'].map((name) => clips.encoded(clips.named(name), 'audio/pcm').toString('base64'));
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(origin);
  const url = `${bed.product().ready.httpsUrl.replace('https', 'wss')}/v1/realtime?model=gpt-realtime`;
  const heard = await page.evaluate<Heard>(`conversation(${JSON.stringify({ url, apiKey, speech })})`);
  await context.close();
  return heard;
}

describe('a browser page', () => {
  it.each(['a key', 'a client secret for its origin'])(
    'speaks with %s, hears an audible answer, interrupts it and is answered again',
    async (credential) => {
      const { apiKey } = bed.product().ready;
      const trunkline = { origins: [origin], max_uses: 1 };
      const heard = await conversationWith(credential === 'a key' ? apiKey : (await mint({ trunkline })).value);
      expect(heard.protocol).toBe('realtime');
      expect(heard.types).toEqual(expect.arrayContaining(['session.created', 'input_audio_buffer.speech_started']));
      expect(heard.statuses).toEqual(['cancelled', 'completed']);
      expect(heard.playedSeconds).toBeGreaterThan(1);
      expect(heard.loudest).toBeGreaterThan(0.05);
    },
    90_000,
  );
});

describe('a client secret', () => {
  const withSecret = (apiKey: string, more: object = {}) =>
    tryConnect(bed.product().ready.httpUrl, { apiKey, query: '', ...more });

  it('is minted by the official client in OpenAI’s shape', async () => {
    const session = { type: 'realtime', model: 'gpt-realtime-mini', instructions: 'Be brief.' } as const;
    const secret = await mint({ expires_after: { anchor: 'created_at', seconds: 60 }, session });
    expect(secret).toMatchObject({
      value: expect.stringMatching(/^ek_[0-9a-z]{39}$/),
      session: { ...session, object: 'realtime.session', audio: { output: { voice: 'alloy' } } },
    });
    expect(secret.expires_at * 1_000 - Date.now()).toBeLessThanOrEqual(60_000);
  });

  it('opens a session of @openai/agents-realtime that begins as it was minted and keeps what is pinned', async () => {
    const session = { type: 'realtime', model: 'gpt-realtime', instructions: 'Only speak of invoices.' } as const;
    const { value } = await mint({ session, trunkline: { pinned: ['instructions'] } });
    const url = `${bed.product().ready.httpUrl.replace('http', 'ws')}/v1/realtime?model=gpt-realtime`;
    const transport = new OpenAIRealtimeWebSocket({ url });
    const realtime = new RealtimeSession(new RealtimeAgent({ name: 'Guide', instructions: 'Be a pirate.' }), {
      transport,
      model: 'gpt-realtime',
    });
    const told: unknown[] = [];
    const problems: unknown[] = [];
    realtime.on('error', ({ error }) => problems.push(error));
    transport.on('*', (event) => {
      if (event.type === 'session.created' || event.type === 'session.updated') told.push(event['session']);
    });
    const answered = new Promise<string>((resolve) => realtime.on('agent_end', (_c, _a, text) => resolve(text)));
    await realtime.connect({ apiKey: value });
    realtime.sendMessage('Hello?');
    expect((await answered).length).toBeGreaterThan(0);
    realtime.close();
    expect(problems).toEqual([]);
    expect(told.length).toBeGreaterThan(1);
    for (const each of told) expect(each).toMatchObject({ instructions: 'Only speak of invoices.' });
  }, 30_000);

  it('with one use opens one session of many that try at once, billed to its key', async () => {
    const { value } = await mint({ trunkline: { max_uses: 1 } });
    const tries = await Promise.all(Array.from({ length: 20 }, () => withSecret(value)));
    const open = tries.flatMap((each) => ('status' in each ? [] : [each]));
    expect(open).toHaveLength(1);
    for (const each of tries.filter((one) => 'status' in one))
      expect(each).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
    const [client] = open;
    if (!client) throw new Error('none was let in');
    expect(await textTurn(client, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
    await client.close();
    const costs = await eventually('the cost is in the books', async () => {
      const rows = await bed.cli('costs', '--session', client.sessionId);
      return rows.length > 0 ? rows : null;
    });
    expect(costs.length).toBeGreaterThan(0);
  }, 60_000);

  it('opens nothing but what it was minted for, and no other door', async () => {
    const { value } = await mint({ session: { type: 'realtime', model: 'gpt-realtime' } });
    const other = await withSecret(value, { query: 'model=gpt-realtime-mini' });
    expect(other).toMatchObject({ status: 403, error: { code: 'model_mismatch', param: 'model' } });
    await expect(mint({}, server(value))).rejects.toMatchObject({ status: 403, code: 'missing_scope' });
    await expect(server(value).models.list()).rejects.toMatchObject({ status: 403 });
    const elsewhere = await mint({ trunkline: { origins: ['https://app.example.com'] } });
    expect(await withSecret(elsewhere.value)).toMatchObject({ status: 403, error: { code: 'origin_not_allowed' } });
  });

  it.each([
    ['a life of 8 seconds', { expires_after: { anchor: 'created_at', seconds: 8 } }, 400, 'invalid_request'],
    ['an unknown model', { session: { type: 'realtime', model: 'gpt-nope' } }, 404, 'model_not_found'],
    ['a field of ours that does not exist', { trunkline: { uses: 1 } }, 400, 'invalid_request'],
  ] as const)('is not minted with %s', async (_, body, status, code) => {
    await expect(mint(body)).rejects.toMatchObject({ status, code });
  });

  it('is worth nothing once it is revoked, and its session ends', async () => {
    const secret = (await mint()) as { value: string; trunkline?: { id: string } };
    const client = await connect(bed.product().ready.httpUrl, { apiKey: secret.value, query: '' });
    const tenant = bed.product().ready.tenantId;
    const [row] = await bed.cli('secret', 'revoke', secret.trunkline?.id ?? '', '--tenant', tenant);
    expect(row).toMatchObject({ status: 'revoked', uses: 1 });
    expect(await client.closed).toMatchObject({ code: 4500 });
    expect(await withSecret(secret.value)).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
  }, 30_000);

  it('dies with its key at once', async () => {
    const tenant = bed.product().ready.tenantId;
    const [key] = await bed.cli('key', 'create', '--tenant', tenant, '--name', 'parent');
    const { value } = await eventually('the key is in force', () =>
      mint({}, server(key?.['secret'])).catch(() => null),
    );
    const client = await connect(bed.product().ready.httpUrl, { apiKey: value, query: '' });
    await bed.cli('key', 'revoke', key?.['id'] ?? '', '--tenant', tenant);
    expect(await client.closed).toMatchObject({ code: 4500 });
    expect(await withSecret(value)).toMatchObject({ status: 401 });
  }, 30_000);
});
