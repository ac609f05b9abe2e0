// The fair cap as apps and admins meet it: a call waits for a line and gets it, leaves when its client does, falls over to
// another account, and makes an idle session go. Each test has a tenant or a pool setting of its own making.
import { request } from 'node:http';
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, textTurn, tryConnect, type RefusedUpgrade, type VoiceClient } from '../support/voice-client.js';

const CAP = 2;
const SPARE_KEY = 'sk-spare-account';
let bed: GatewayBed;
let spare: Simulator;
beforeAll(async () => {
  bed = await startBed({ flags: ['--seed-caps', String(CAP)] });
  spare = await startSimulator({ apiKeys: [SPARE_KEY] });
  await cli('tenant', 'limits', 'default', '--wait', '20s');
}, 120_000);
afterAll(async () => {
  await bed.stop();
  await spare.close();
}, 60_000);

/** The policy that the gateway said it swapped to last. */
function policyInForce(): string | null {
  const swaps = [
    ...bed
      .product()
      .stderr()
      .matchAll(/"event":"policy_swapped"[^\n]*"version":"(\d+)"/g),
  ];
  return swaps.at(-1)?.[1] ?? null;
}

/** Runs a command that changes policy, and waits until the gateway goes by it. */
async function cli(...args: string[]): Promise<Record<string, unknown>[]> {
  const before = policyInForce();
  const env = { SPARE_UPSTREAM_KEY: SPARE_KEY };
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir], env);
  if (code !== 0) throw new Error(stderr);
  await eventually('the new policy is in force', () => (policyInForce() === before ? null : true));
  return JSON.parse(stdout) as Record<string, unknown>[];
}

/** Calls; `query` is added to the address. */
function call(query = ''): Promise<VoiceClient | RefusedUpgrade> {
  const { httpUrl, apiKey } = bed.product().ready;
  return tryConnect(httpUrl, { apiKey, query: `model=gpt-realtime${query}` });
}

function open(): Promise<VoiceClient> {
  const { httpUrl, apiKey } = bed.product().ready;
  return connect(httpUrl, { apiKey });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(bed.product().ready.metricsUrl)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const waiting = (calls: number) =>
  eventually(`${calls} calls in line`, async () => ((await metric('trunkline_waiting_calls')) === calls ? true : null));

/** Sessions that both accounts ever saw. */
function dials(): number {
  return bed.simulator.books.list().length + spare.books.list().length;
}

async function hangUp(...clients: (VoiceClient | RefusedUpgrade)[]): Promise<void> {
  await Promise.all(clients.map(async (client) => ('status' in client ? undefined : client.close())));
}

/** Policy reaches the gateway within a second; afterwards the pool is empty again. */
async function settled(): Promise<void> {
  const open = () => openSessions(bed.simulator).length + openSessions(spare).length;
  await eventually('all lines are free', () => (open() === 0 ? true : null));
}

describe('a call that may wait', () => {
  it('gets the line that comes free, first come first served, and burns no upstream connection meanwhile', async () => {
    const held = [await open(), await open()];
    const order: number[] = [];
    const first = call().then((outcome) => (order.push(1), outcome));
    await waiting(1);
    const second = call().then((outcome) => (order.push(2), outcome));
    await waiting(2);
    expect(openSessions(bed.simulator)).toHaveLength(CAP);
    await held[0]?.close();
    const got = await first;
    expect(order).toEqual([1]);
    expect('status' in got).toBe(false);
    await held[1]?.close();
    const next = await second;
    if ('status' in next) throw new Error(next.error.message);
    expect(await textTurn(next, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
    await hangUp(got, next);
    await settled();
  }, 60_000);

  it('is refused when its time is up, with its place in line and what it waited', async () => {
    const held = [await open(), await open()];
    const refused = await call('&wait_ms=300');
    expect(refused).toMatchObject({
      status: 429,
      error: {
        code: 'rate_limit_exceeded',
        message: expect.stringMatching(/You waited 0\.\d s, last in place 1 of your/),
      },
    });
    const atOnce = await call('&wait_ms=0');
    expect(atOnce).toMatchObject({ status: 429, error: { retry_after: 5 }, headers: { 'retry-after': '5' } });
    expect(await call('&wait_ms=soon')).toMatchObject({ status: 400, error: { param: 'wait_ms' } });
    await hangUp(...held);
    await settled();
  }, 60_000);

  it('is told that its tenant may not wait, and who changes that', async () => {
    await cli('tenant', 'limits', 'default', '--wait', '0');
    const held = [await open(), await open()];
    const hint = expect.stringContaining('`tenant limits <tenant> --wait 10s`');
    expect(await call('&wait_ms=300')).toMatchObject({ status: 429, error: { message: hint } });
    expect(await call()).toMatchObject({ status: 429, error: { message: expect.not.stringContaining('--wait') } });
    await hangUp(...held);
    await settled();
    await cli('tenant', 'limits', 'default', '--wait', '20s');
  }, 60_000);

  it('leaves the line the moment its client goes away', async () => {
    const held = [await open(), await open()];
    const { httpUrl, apiKey } = bed.product().ready;
    const url = `${httpUrl}/v1/realtime?model=gpt-realtime`;
    const gone = new AbortController();
    const headers = {
      authorization: `Bearer ${apiKey}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const leaving = request(url, { headers, signal: gone.signal }).on('error', () => undefined);
    leaving.end();
    await waiting(1);
    gone.abort();
    await waiting(0);
    await hangUp(...held);
    await settled();
  }, 60_000);

  it('makes an idle session go, which is warned and told why; one that speaks stays', async () => {
    await cli('tenant', 'limits', 'default', '--idle-reclaim', '5s');
    const idle = await open();
    const busy = await open();
    const talking = (async () => {
      while (busy.socket.readyState === busy.socket.OPEN && idle.socket.readyState === idle.socket.OPEN)
        await Promise.race([textTurn(busy, 'Go on.'), idle.closed]);
    })();
    const got = await call();
    expect('status' in got).toBe(false);
    expect(await idle.closed).toMatchObject({ code: 4123 });
    expect(idle.events.map(({ type }) => type)).toContain('trunkline.session.ending');
    expect(idle.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'line_reclaimed' } });
    await talking;
    expect(busy.socket.readyState).toBe(busy.socket.OPEN);
    await hangUp(busy, got);
    await cli('tenant', 'limits', 'default', '--idle-reclaim', 'none');
    await settled();
  }, 60_000);

  it('keeps the line of a broken call for its key to come back', async () => {
    await cli('tenant', 'limits', 'default', '--grace', '20s');
    const [other] = await cli('tenant', 'create', '--name', 'Another');
    await cli('tenant', 'limits', String(other?.['slug']), '--wait', '20s');
    const [key] = await cli('key', 'create', '--tenant', String(other?.['slug']), '--name', 'other');
    const { httpUrl } = bed.product().ready;
    const held = [await open(), await open()];
    held[0]?.socket.terminate();
    await eventually('the broken call is over', () => (openSessions(bed.simulator).length === 1 ? true : null));
    const queued = tryConnect(httpUrl, { apiKey: String(key?.['secret']) });
    await waiting(1);
    const back = await open();
    expect(await metric('trunkline_waiting_calls')).toBe(1);
    await cli('tenant', 'limits', 'default', '--grace', '0');
    await hangUp(back);
    const got = await queued;
    expect('status' in got).toBe(false);
    await hangUp(got, ...held.slice(1));
    await settled();
  }, 60_000);

  it('lets in who hangs up and calls again at once, though every line is taken and it may not wait', async () => {
    await cli('tenant', 'limits', 'default', '--wait', '0');
    const busy = await open();
    let mine = await open();
    for (let i = 0; i < 20; i += 1) {
      // Its last words may still be on their way to the upstream: the old line is settled only when that has read them.
      mine.send({ type: 'response.create' });
      mine.socket.close(1000);
      mine = await open();
      expect(openSessions(bed.simulator).length).toBeLessThanOrEqual(CAP);
    }
    expect(await call()).toMatchObject({ status: 429 });
    await hangUp(busy, mine);
    await cli('tenant', 'limits', 'default', '--wait', '20s');
    await settled();
  }, 60_000);
});

/** Whether both accounts hold all their sessions. */
const isFull = () => openSessions(bed.simulator).length === CAP && openSessions(spare).length === 1;

/** As many calls as both accounts hold; the last one is the spare account's, for a pool of no weight is asked last. */
function fill(): Promise<VoiceClient[]> {
  return eventually('both pools are full', async () => {
    const clients: VoiceClient[] = [];
    for (let i = 0; i <= CAP && openSessions(spare).length === 0; i += 1) {
      const client = await call('&wait_ms=0');
      if (!('status' in client)) clients.push(client);
    }
    if (clients.length === CAP + 1 && isFull()) return clients;
    await hangUp(...clients);
    await settled();
    return null;
  });
}

describe('pools', () => {
  beforeAll(async () => {
    const account = ['--upstream-url', `${spare.httpUrl}/v1`, '--upstream-key-env', 'SPARE_UPSTREAM_KEY'];
    await cli('pool', 'create', '--slug', 'spare', '--sessions-max', '1', '--weight', '0', ...account);
    await cli('tenant', 'update', 'default', '--sessions-max', 'none');
  }, 60_000);

  it('fall over to the next account when one is full', async () => {
    await hangUp(...(await fill()));
    await settled();
    const spareTries = 'trunkline_pool_tries_total{pool="spare",turn="fallback",outcome="admitted"}';
    expect(await metric(spareTries)).toBeGreaterThan(0);
    expect(await metric('trunkline_pool_tries_total{pool="default",turn="first",outcome="dial_failed"}')).toBe(0);
  }, 60_000);

  it('are waited for all at once: the first that has a line again gives it to who came first', async () => {
    const held = await fill();
    const dialled = dials();
    const order: number[] = [];
    const first = call().then((outcome) => (order.push(1), outcome));
    await waiting(1);
    const second = call().then((outcome) => (order.push(2), outcome));
    await waiting(2);
    await held.at(-1)?.close();
    const got = await first;
    expect('status' in got).toBe(false);
    expect(order).toEqual([1]);
    await eventually('both pools are full again', () => (isFull() ? true : null));
    await held[0]?.close();
    const next = await second;
    expect('status' in next).toBe(false);
    await eventually('both pools are full again', () => (isFull() ? true : null));
    expect(dials()).toBe(dialled + 2);
    await hangUp(...held, got, next);
    await settled();
  }, 60_000);

  it('fall over to the next account when one refuses', async () => {
    bed.simulator.configure({ faults: [{ match: {}, at: 'connect', action: 'http_429' }] });
    const over = await call('&wait_ms=0');
    expect('status' in over).toBe(false);
    expect(openSessions(spare)).toHaveLength(1);
    bed.simulator.configure({ faults: [] });
    await hangUp(over);
    for (const counted of [
      'trunkline_pool_tries_total{pool="default",turn="first",outcome="dial_failed"}',
      'trunkline_upstream_errors_total{pool="default",code="upstream_capacity"}',
      'trunkline_pool_pauses_total{pool="default",source="dial"}',
    ])
      expect([counted, await metric(counted)]).toEqual([counted, 1]);
  }, 60_000);
});
