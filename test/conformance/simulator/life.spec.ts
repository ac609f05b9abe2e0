import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import { generate } from 'selfsigned';
import { startSimulator, type Simulator, type SimulatorConfigInput } from '../../../apps/simulator/index.js';
import { at, connect, refusedUpgrade, type WireClient } from './support/client.js';
import { CALM, harness, MANUAL, type Harness } from './support/harness.js';

/** Many of these wait for closings, and the machine may be busy; a condition that never comes fails here. */
jest.setTimeout(20_000);

let run: Harness;
afterEach(() => run.stop());

async function answered(config: SimulatorConfigInput): Promise<WireClient> {
  run = await harness(config);
  const client = await run.dial();
  client.send(MANUAL);
  client.send({ type: 'response.create' });
  return client;
}

async function inspect(path: string, init: RequestInit = {}): Promise<unknown> {
  return (await fetch(`${run.simulator.inspectUrl}${path}`, init)).json();
}

describe('caps', () => {
  test.each<[string, SimulatorConfigInput['caps']]>([
    ['in all', { total: 3 }],
    ['by model', { byModel: { 'gpt-realtime': 3 } }],
    ['by key', { byKey: { 'sk-simulator': 3 } }],
  ])('%s: ten at once against three open exactly three, the rest get 429', async (_what, caps) => {
    run = await harness({ caps: caps ?? {}, retryAfterSeconds: 7 });
    const url = `${run.simulator.wsUrl}?model=gpt-realtime`;
    const attempts = Array.from({ length: 10 }, () =>
      connect(url).then(
        () => true,
        () => false,
      ),
    );
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(3);
    expect(at(await inspect('/books/summary'), 'openMax.total')).toBe(3);
    const refusal = await refusedUpgrade(url);
    expect(refusal.status).toBe(429);
    expect(refusal.headers['retry-after']).toBe('7');
    expect(at(refusal.body, 'error.code')).toBe('rate_limit_exceeded');
  });

  test('can refuse by an error event and a close instead', async () => {
    run = await harness({ caps: { total: 0 }, capRefusal: 'error_event_close' });
    const client = await run.dial();
    expect(at(await client.event('error'), 'error.code')).toBe('rate_limit_exceeded');
    expect((await client.closed()).code).toBe(4000);
  });

  test('free a line when its session closes', async () => {
    run = await harness({ caps: { total: 1 } });
    await (await run.open()).close();
    await run.open();
  });
});

describe('fault scripts', () => {
  test('http_500 and http_429 refuse before the 101', async () => {
    run = await harness({
      faults: [
        { at: 'connect', action: 'http_500', times: 1 },
        { at: 'connect', action: 'http_429' },
      ],
    });
    const url = `${run.simulator.wsUrl}?model=gpt-realtime`;
    expect((await refusedUpgrade(url)).status).toBe(500);
    expect((await refusedUpgrade(url)).status).toBe(429);
  });

  test('never_answer leaves the upgrade waiting', async () => {
    run = await harness({ faults: [{ at: 'connect', action: 'never_answer' }] });
    const socket = dialTcp(Number(new URL(run.simulator.httpUrl).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer sk-simulator\r\n\r\n',
    );
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString('utf8')));
    while (at(run.simulator.books.summary(), 'sessions.refused') !== 1) await inspect('/health');
    expect(answer).toBe('');
    socket.destroy();
  });

  test('stall at connect upgrades and then says nothing', async () => {
    run = await harness({ faults: [{ at: 'connect', action: 'stall', match: { sessionIndex: 0 } }] });
    const stalled = await run.dial();
    const other = await run.open();
    await other.close();
    expect(stalled.events).toHaveLength(0);
    stalled.socket.terminate();
  });

  test('close after session.created uses the scripted code', async () => {
    run = await harness({ faults: [{ at: 'after_session_created', action: 'close', code: 4321 }] });
    const client = await run.open();
    expect((await client.closed()).code).toBe(4321);
    while (run.simulator.books.openNow.total > 0) await inspect('/health');
    expect(run.simulator.books.list()[0]).toMatchObject({ closeCode: 4321, closedBy: 'fault' });
  });

  test('reset in the middle of a response breaks the connection', async () => {
    const client = await answered({
      faults: [{ at: 'mid_response', action: 'reset', n: 3 }],
      reply: { audioMs: 9000 },
    });
    expect((await client.closed()).code).toBe(1006);
    expect(client.events.filter(({ type }) => type.endsWith('.delta')).length).toBeLessThanOrEqual(3);
  });

  test('half_close ends the stream without a close frame', async () => {
    const client = await answered({ faults: [{ at: 'before_response_done', action: 'half_close' }] });
    expect((await client.closed()).code).toBe(1006);
    expect(client.all('response.done')).toHaveLength(0);
  });

  test('missing_usage strips the usage, which the books know and do not count as sent', async () => {
    const client = await answered({ faults: [{ at: 'before_response_done', action: 'missing_usage' }] });
    expect(at(await client.event('response.done'), 'response.usage')).toBeUndefined();
    await client.event('rate_limits.updated');
    const [record] = run.simulator.books.list()[0]?.responses ?? [];
    expect(record).toMatchObject({ usageSent: false, doneFramesSent: 1 });
    expect(record?.usage?.total_tokens).toBeGreaterThan(0);
    expect(at(run.simulator.books.summary(), 'totals.tokensSent.output_audio')).toBe(0);
  });

  test('duplicate_response_done sends it twice and counts it once', async () => {
    const client = await answered({ faults: [{ at: 'before_response_done', action: 'duplicate_response_done' }] });
    const [first, second] = [await client.event('response.done'), await client.event('response.done', 2)];
    expect(second).toEqual(first);
    await client.event('rate_limits.updated');
    const [record] = run.simulator.books.list()[0]?.responses ?? [];
    expect(record?.doneFramesSent).toBe(2);
    expect(at(run.simulator.books.summary(), 'totals.tokensSent.output_text')).toBe(
      at(first, 'response.usage.output_token_details.text_tokens'),
    );
  });

  test('after_n_events fires after exactly n', async () => {
    const client = await answered({ faults: [{ at: 'after_n_events', n: 4, action: 'close' }] });
    expect((await client.closed()).code).toBe(1011);
    expect(client.events).toHaveLength(4);
  });

  test('that make no sense are refused when they are configured', async () => {
    run = await harness();
    const body = JSON.stringify({ faults: [{ at: 'mid_response', action: 'http_500' }] });
    const response = await fetch(`${run.simulator.inspectUrl}/config`, { method: 'PUT', body });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain('happen at');
    expect(run.simulator.config.faults).toEqual([]);
  });
});

describe('a connection', () => {
  test('is pinged', async () => {
    run = await harness({ session: { pingMs: 20 } });
    const client = await run.open();
    await once(client.socket, 'ping');
  });

  test('echoes the subprotocol realtime and nothing else', async () => {
    run = await harness();
    const protocols = ['realtime', 'openai-insecure-api-key.sk-simulator', 'openai-agents-sdk.0.20.0'];
    const client = await connect(`${run.simulator.wsUrl}?model=gpt-realtime`, { protocols });
    await client.event('session.created');
    expect(client.socket.protocol).toBe('realtime');
    expect(client.socket.extensions).toBe('');
  });

  test('without a key gets 401, to an unknown path 404, to an unknown call 404', async () => {
    run = await harness();
    const { wsUrl } = run.simulator;
    expect((await refusedUpgrade(`${wsUrl}?model=gpt-realtime`, {})).status).toBe(401);
    expect((await refusedUpgrade(`${wsUrl}/other`)).status).toBe(404);
    const call = await refusedUpgrade(`${wsUrl}?call_id=rtc_u1_x`);
    expect([call.status, at(call.body, 'error.code')]).toEqual([404, 'call_id_not_found']);
  });

  test('keeps the order when the client speaks before session.created', async () => {
    run = await harness({ latency: { firstEventMs: 50 } });
    const client = await run.dial();
    client.send(CALM);
    await client.event('session.updated');
    expect(client.events.map(({ type }) => type)).toEqual(['session.created', 'session.updated']);
  });

  test('that the client drops in mid-answer leaves an abandoned response with what was generated', async () => {
    const client = await answered({ reply: { audioSpeed: 1, audioMs: 60_000 } });
    await client.event('response.output_audio.delta', 2);
    client.socket.terminate();
    while (run.simulator.books.list()[0]?.closedAt === null) await inspect('/health');
    const [session] = run.simulator.books.list();
    expect(session).toMatchObject({ closedBy: 'network', closeCode: 1006 });
    expect(session?.responses[0]).toMatchObject({ status: 'abandoned', doneFramesSent: 0 });
    expect(session?.responses[0]?.usage?.output_token_details.audio_tokens).toBeGreaterThan(0);
  });

  test('closed by the simulator going away gets 1001', async () => {
    run = await harness();
    const client = await run.open();
    await run.simulator.close();
    expect((await client.closed()).code).toBe(1001);
  });
});

describe('the inspection endpoint', () => {
  test('shows what a client sent and what it was billed', async () => {
    run = await harness();
    const headers = { Authorization: 'Bearer sk-simulator', 'X-Trace': 'abc' };
    const client = await connect(`${run.simulator.wsUrl}?model=gpt-realtime`, { headers });
    const id = String(at(await client.event('session.created'), 'session.id'));
    client.send(CALM);
    client.send({ type: 'response.create' });
    const done = await client.event('response.done');
    await client.event('rate_limits.updated');
    await client.close();
    const session = at(await inspect(`/books?session=${id}`), 'sessions.0');
    expect(session).toMatchObject({ id, key: 'sk-simulator', transport: 'ws', eventsIn: 2, closeCode: 1000 });
    expect(at(session, 'headers.x-trace')).toBe('abc');
    expect(at(session, 'responses.0.usage')).toEqual(at(done, 'response.usage'));
  });

  test('changes the configuration of open sessions, and forgets the books on request', async () => {
    run = await harness();
    const client = await run.open();
    client.send(MANUAL);
    const body = JSON.stringify({ reply: { deltas: 2, deltaBytes: 800 } });
    await inspect('/config', { method: 'PUT', body });
    client.send({ type: 'response.create' });
    await client.event('rate_limits.updated');
    expect(client.all('response.output_audio.delta')).toHaveLength(2);
    const summary = await inspect('/books', { method: 'DELETE' });
    expect([at(summary, 'openNow.total'), at(summary, 'totals.responses')]).toEqual([1, 0]);
  });

  test('drops the oldest closed sessions beyond its bound and keeps counting', async () => {
    run = await harness({ books: { sessionsMax: 2 } });
    for (let i = 0; i < 4; i++) await (await run.open()).close();
    const summary = await inspect('/books/summary');
    expect([at(summary, 'sessions.opened'), at(summary, 'sessions.kept')]).toEqual([4, 2]);
  });

  test('lists the models like OpenAI, and answers other URLs with its errors', async () => {
    run = await harness();
    const headers = { Authorization: 'Bearer sk-simulator' };
    const get = async (path: string): Promise<[number, unknown]> => {
      const response = await fetch(`${run.simulator.httpUrl}${path}`, { headers });
      return [response.status, await response.json()];
    };
    const [, list] = await get('/v1/models');
    expect(at(list, 'data.0')).toMatchObject({ object: 'model', owned_by: 'system' });
    const [status, missing] = await get('/v1/models/none');
    expect([status, at(missing, 'error.code')]).toEqual([404, 'model_not_found']);
    expect((await get('/v1/nothing'))[0]).toBe(404);
    expect((await get('/v1/realtime'))[0]).toBe(426);
    expect((await get('//'))[0]).toBe(404);
  });
});

describe('over TLS', () => {
  let secure: Simulator;
  afterEach(() => secure.close());

  test('a session is wss in the books, and a reset really resets', async () => {
    run = await harness();
    const pems = await generate([{ name: 'commonName', value: 'localhost' }]);
    const faults = [{ at: 'after_session_created' as const, action: 'reset' as const, times: 1 }];
    secure = await startSimulator({
      tlsPort: 0,
      tls: { certPem: pems.cert, keyPem: pems.private },
      config: { faults },
    });
    const client = await connect(`${secure.wssUrl ?? ''}?model=gpt-realtime`, { rejectUnauthorized: false });
    expect((await client.closed()).code).toBe(1006);
    while (secure.books.openNow.total > 0) await fetch(`${secure.inspectUrl}/health`);
    expect(secure.books.list()[0]).toMatchObject({ transport: 'wss', closedBy: 'fault' });
  });

  test('needs a certificate, and says so', async () => {
    run = await harness();
    secure = await startSimulator();
    await expect(startSimulator({ tlsPort: 0 })).rejects.toThrow(/needs a certificate/);
    const port = Number(new URL(secure.httpUrl).port);
    await expect(startSimulator({ port })).rejects.toThrow(/the port is taken/);
  });
});
