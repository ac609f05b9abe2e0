import { connect as netConnect } from 'node:net';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { openSessions } from '../support/oracle.js';
import type { Product } from '../support/product.js';
import type { Simulator } from '../../apps/simulator/index.js';
import { connect, tryConnect, type RefusedUpgrade } from '../support/voice-client.js';

let bed: GatewayBed;
let simulator: Simulator;
let product: Product;

beforeAll(async () => {
  bed = await startBed();
  ({ simulator } = bed);
  product = bed.product();
}, 120_000);
afterAll(() => bed.stop(), 60_000);

const refused = async (options: Parameters<typeof tryConnect>[1]): Promise<RefusedUpgrade> => {
  const outcome = await tryConnect(product.ready.httpUrl, options);
  if ('status' in outcome) return outcome;
  await outcome.close();
  throw new Error('was let in');
};

describe('a handshake that cannot be served is refused before the 101, in OpenAI’s shape', () => {
  const withKey = () => ({ apiKey: product.ready.apiKey });

  it('without a key', async () => {
    expect(await refused({})).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
  });

  it('with the same body for a malformed, an unknown and a nearly right key', async () => {
    const { apiKey } = product.ready;
    const nearly = `${apiKey.slice(0, -1)}${apiKey.endsWith('0') ? '1' : '0'}`;
    const answers = await Promise.all(['x', 'sk-abcdef', nearly].map((key) => refused({ apiKey: key })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.error))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
    expect(JSON.stringify(answers)).not.toContain(nearly);
  });

  it('with both a bearer key and a subprotocol key', async () => {
    const { apiKey } = product.ready;
    const both = { apiKey, subprotocols: ['realtime', `openai-insecure-api-key.${apiKey}`] };
    expect(await refused(both)).toMatchObject({ status: 400, error: { code: 'conflicting_credentials' } });
  });

  it('for an unknown model and for no model', async () => {
    expect(await refused({ ...withKey(), model: 'gpt-nope' })).toMatchObject({
      status: 404,
      error: { code: 'model_not_found', param: 'model' },
    });
    expect(await refused({ ...withKey(), query: '' })).toMatchObject({ status: 400, error: { code: 'missing_model' } });
  });

  it('for the beta dialect, saying what to remove', async () => {
    const beta = await refused({ ...withKey(), headers: { 'openai-beta': 'realtime=v1' } });
    expect(beta).toMatchObject({ status: 400, error: { code: 'beta_api_shape_disabled' } });
    expect(beta.error.message).toContain('OpenAI-Beta');
  });

  it('and holds no line afterwards', async () => {
    expect(openSessions(simulator)).toEqual([]);
  });
});

describe('plain HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${product.ready.httpUrl}${path}`, { headers });
  const bearer = () => ({ authorization: `Bearer ${product.ready.apiKey}` });

  it('on the WebSocket path is told to upgrade', async () => {
    const response = await get('/v1/realtime?model=gpt-realtime', bearer());
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ error: { code: 'upgrade_required' } });
  });

  it('on an unknown path gets OpenAI’s 404, and no admin or metrics route exists there', async () => {
    for (const path of ['/v1/nope', '/metrics', '/admin', '/livez', '/']) {
      const response = await get(path, bearer());
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    }
  });

  it('lists the models that the key may use', async () => {
    const body = (await (await get('/v1/models', bearer())).json()) as { data: { id: string }[] };
    expect(body.data.map((model) => model.id)).toContain('gpt-realtime');
    expect((await get('/v1/models')).status).toBe(401);
  });
});

describe('a client that never finishes its handshake', () => {
  it('is cut, and holds nothing meanwhile', async () => {
    const { port } = new URL(product.ready.httpUrl);
    const socket = netConnect(Number(port), '127.0.0.1');
    socket.write('GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
    await new Promise((resolve) => socket.once('close', resolve).resume());
    expect(openSessions(simulator)).toEqual([]);
  }, 30_000);
});

describe('a browser’s handshake', () => {
  it('is answered with `realtime` only, and the app’s credential never reaches the upstream', async () => {
    const { apiKey, httpUrl } = product.ready;
    const client = await connect(httpUrl, {
      subprotocols: ['realtime', `openai-insecure-api-key.${apiKey}`],
      headers: { origin: 'https://app.example', cookie: 'canary=1', 'openai-organization': 'org-theirs' },
    });
    expect(client.socket.protocol).toBe('realtime');
    await client.next('session.created');
    const [session] = simulator.books.list().slice(-1);
    expect(JSON.stringify(session)).not.toMatch(/canary|org-theirs|app\.example/);
    expect(JSON.stringify(session)).not.toContain(apiKey);
    expect(session?.headers['authorization']).toBe('Bearer sk-upstream');
    await client.close();
  });
});
