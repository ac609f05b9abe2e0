// A policy that changes while a call stands in line is acted on at once: who may not have a session any more hears why and
// burns neither a line nor a dial, and who may have one elsewhere goes there.
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, tryConnect, type RefusedUpgrade, type VoiceClient } from '../support/voice-client.js';

const SPARE_KEY = 'sk-spare-account';
// Far longer than the tests wait: who leaves the line sooner left it because of the policy.
const WAIT = '120s';
const SOON_MS = 10_000;
let bed: GatewayBed;
let spare: Simulator;
let holder: VoiceClient;
beforeAll(async () => {
  bed = await startBed({ flags: ['--seed-caps', '1'] });
  spare = await startSimulator({ apiKeys: [SPARE_KEY] });
  await cli('tenant', 'update', 'default', '--sessions-max', 'none');
  await cli('tenant', 'limits', 'default', '--wait', WAIT);
  const { httpUrl, apiKey } = bed.product().ready;
  holder = await connect(httpUrl, { apiKey });
}, 120_000);
afterAll(async () => {
  await holder.close();
  await bed.stop();
  await spare.close();
}, 60_000);

async function cli(...args: string[]): Promise<Record<string, unknown>[]> {
  const env = { SPARE_UPSTREAM_KEY: SPARE_KEY };
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir], env);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(bed.product().ready.metricsUrl)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

type Outcome = VoiceClient | RefusedUpgrade;

/** A call that stands in line, as soon as the gateway knows its key. */
async function inLine(apiKey: string): Promise<Promise<Outcome>[]> {
  const { httpUrl } = bed.product().ready;
  const call: { outcome: Promise<Outcome> | null } = { outcome: null };
  await eventually('the call is in line', async () => {
    const outcome = (call.outcome ??= tryConnect(httpUrl, { apiKey }));
    void outcome.then(() => (call.outcome = null));
    return (await metric('trunkline_waiting_calls')) === 1 ? true : null;
  });
  // In a list, for a promise of a promise would be waited for.
  return call.outcome === null ? [] : [call.outcome];
}

async function newKey(tenant: string): Promise<{ readonly id: string; readonly secret: string }> {
  const [key] = await cli('key', 'create', '--tenant', tenant, '--name', 'e2e');
  return { id: String(key?.['id']), secret: String(key?.['secret']) };
}

async function soon(outcome: Promise<Outcome> | undefined): Promise<Outcome> {
  const told = { value: null as Outcome | null };
  if (outcome === undefined) throw new Error('the call did not wait');
  void outcome.then((value) => (told.value = value));
  return eventually('the call is answered', () => told.value, SOON_MS);
}

async function expectNoDial(): Promise<void> {
  expect(await metric('trunkline_waiting_calls')).toBe(0);
  expect(openSessions(bed.simulator)).toHaveLength(1);
  expect(bed.simulator.books.list()).toHaveLength(1);
}

describe('a call in line', () => {
  it('is refused with 401 when its key is revoked', async () => {
    const { id, secret } = await newKey('default');
    const [outcome] = await inLine(secret);
    await cli('key', 'revoke', id, '--tenant', 'default');
    expect(await soon(outcome)).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
    await expectNoDial();
  }, 60_000);

  it('is refused with 403 when its tenant is suspended', async () => {
    await cli('tenant', 'create', '--name', 'suspended', '--slug', 'suspended');
    await cli('tenant', 'limits', 'suspended', '--wait', WAIT);
    const [outcome] = await inLine((await newKey('suspended')).secret);
    await cli('tenant', 'suspend', 'suspended');
    expect(await soon(outcome)).toMatchObject({ status: 403, error: { code: 'tenant_suspended' } });
    await expectNoDial();
  }, 60_000);

  it('is refused with 404 when its model is withdrawn', async () => {
    const [outcome] = await inLine(bed.product().ready.apiKey);
    await cli('pool', 'update', 'default', '--models', 'gpt-realtime-mini');
    expect(await soon(outcome)).toMatchObject({ status: 404, error: { code: 'model_not_found' } });
    await expectNoDial();
    await cli('pool', 'update', 'default', '--models', 'none');
  }, 60_000);

  it('is refused with 503 when the only pool is drained, and goes to another pool as soon as there is one', async () => {
    const [outcome] = await inLine(bed.product().ready.apiKey);
    await cli('pool', 'drain', 'default');
    expect(await soon(outcome)).toMatchObject({ status: 503, error: { code: 'upstream_capacity' } });
    await expectNoDial();

    await cli('pool', 'undrain', 'default');
    const [moving] = await inLine(bed.product().ready.apiKey);
    const account = ['--upstream-url', `${spare.httpUrl}/v1`, '--upstream-key-env', 'SPARE_UPSTREAM_KEY'];
    await cli('pool', 'create', '--slug', 'spare', '--sessions-max', '5', ...account);
    const moved = await soon(moving);
    if ('status' in moved) throw new Error(moved.error.message);
    expect(openSessions(spare)).toHaveLength(1);
    await expectNoDial();
    await moved.close();
  }, 60_000);
});
