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

/** A tenant of its own, whose call stands in line. */
async function callInLine(slug: string): Promise<{ readonly keyId: string; readonly outcome: Promise<Outcome> }> {
  await cli('tenant', 'create', '--name', slug, '--slug', slug);
  await cli('tenant', 'limits', slug, '--wait', WAIT);
  const [key] = await cli('key', 'create', '--tenant', slug, '--name', 'e2e');
  const { httpUrl } = bed.product().ready;
  const state = { outcome: null as Promise<Outcome> | null };
  await eventually(
    'the call is in line',
    async () => {
      const outcome = (state.outcome ??= tryConnect(httpUrl, { apiKey: String(key?.['secret']) }));
      // Until the key is known to the gateway, it is refused.
      const early = await Promise.race([outcome, new Promise<null>((resolve) => setImmediate(resolve, null))]);
      if (early !== null) state.outcome = null;
      return (await metric('trunkline_waiting_calls')) === 1 ? true : null;
    },
    SOON_MS,
  );
  if (state.outcome === null) throw new Error('the call did not wait');
  return { keyId: String(key?.['id']), outcome: state.outcome };
}

async function soon(outcome: Promise<Outcome>): Promise<Outcome> {
  const told = { value: null as Outcome | null };
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
    const { keyId, outcome } = await callInLine('revoked');
    await cli('key', 'revoke', keyId, '--tenant', 'revoked');
    expect(await soon(outcome)).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } });
    await expectNoDial();
  }, 60_000);

  it('is refused with 403 when its tenant is suspended', async () => {
    const { outcome } = await callInLine('suspended');
    await cli('tenant', 'suspend', 'suspended');
    expect(await soon(outcome)).toMatchObject({ status: 403, error: { code: 'tenant_suspended' } });
    await expectNoDial();
  }, 60_000);

  it('is refused with 404 when its model is withdrawn', async () => {
    const { outcome } = await callInLine('withdrawn');
    await cli('pool', 'update', 'default', '--models', 'gpt-realtime-mini');
    expect(await soon(outcome)).toMatchObject({ status: 404, error: { code: 'model_not_found' } });
    await expectNoDial();
    await cli('pool', 'update', 'default', '--models', 'none');
  }, 60_000);

  it('is refused with 503 when the only pool is drained, and goes to another pool where there is one', async () => {
    const { outcome } = await callInLine('drained');
    await cli('pool', 'drain', 'default');
    expect(await soon(outcome)).toMatchObject({ status: 503, error: { code: 'upstream_capacity' } });
    await expectNoDial();

    await cli('pool', 'undrain', 'default');
    const { outcome: moving } = await callInLine('moving');
    const account = ['--upstream-url', `${spare.httpUrl}/v1`, '--upstream-key-env', 'SPARE_UPSTREAM_KEY'];
    await cli('pool', 'create', '--slug', 'spare', '--sessions-max', '5', ...account);
    await cli('pool', 'drain', 'default');
    const moved = await soon(moving);
    if ('status' in moved) throw new Error(moved.error.message);
    expect(openSessions(spare)).toHaveLength(1);
    await expectNoDial();
    await moved.close();
  }, 60_000);
});
