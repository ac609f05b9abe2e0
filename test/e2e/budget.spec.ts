// A tenant over its monthly budget is stopped inside a running session, at most one turn late, as its policy says.
import type { SessionRecord } from '../../apps/simulator/index.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { costOfResponse, costOfSessions, picoOf } from '../support/spend-oracle.js';
import { connect, textTurn, tryConnect, turnOrError, type VoiceClient } from '../support/voice-client.js';

const isOpen = ({ socket }: VoiceClient) => socket.readyState === socket.OPEN;

// A turn costs about one cent, and lasts about a second.
const BUDGET = '0.025';
const SLOW_MS = 60_000;
let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ simulator: { reply: { audioMs: 8_000 } } });
}, 120_000);
afterAll(() => bed.stop(), SLOW_MS);

const cli = async (...args: string[]): Promise<Record<string, string>[]> => {
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string>[];
};

/** A tenant with this month's budget, whose key works. */
async function tenantWith(slug: string, overBudget: string, limits = ['--spend-month', BUDGET]): Promise<Tenant> {
  await cli('tenant', 'create', '--name', slug, '--slug', slug);
  await cli('tenant', 'limits', slug, ...limits, '--over-budget', overBudget);
  const [key] = await cli('key', 'create', '--tenant', slug, '--name', 'e2e');
  const apiKey = key?.['secret'] ?? '';
  const call = () => tryConnect(bed.product().ready.httpUrl, { apiKey });
  const first = await eventually('the key is known', async () => {
    const outcome = await call();
    return 'status' in outcome ? null : outcome;
  });
  await first.close();
  return { slug, call, open: () => openCall(apiKey) };
}

interface Call {
  readonly client: VoiceClient;
  /** The same session in the upstream's books. */
  readonly record: SessionRecord;
}

interface Tenant {
  readonly slug: string;
  readonly call: () => ReturnType<typeof tryConnect>;
  readonly open: () => Promise<Call>;
}

async function openCall(apiKey: string): Promise<Call> {
  const client = await connect(bed.product().ready.httpUrl, { apiKey });
  const record = bed.simulator.books.list().toSorted((a, b) => b.index - a.index)[0];
  if (!record) throw new Error('the upstream saw no session');
  await client.next('session.created');
  return { client, record };
}

const spentBy = (...calls: readonly Call[]) => costOfSessions(calls.map(({ record }) => record));

/** Talks until the upstream's books say that the budget is used up; returns what the last turn cost. */
async function spendAll(call: Call): Promise<bigint> {
  while (spentBy(call) < picoOf(BUDGET))
    expect(await textTurn(call.client, 'Tell me more.')).toMatchObject({ response: { status: 'completed' } });
  const last = call.record.responses.at(-1);
  if (!last) throw new Error('no turn was held');
  return costOfResponse(last);
}

async function expectRefused({ call }: Tenant): Promise<void> {
  expect(await call()).toMatchObject({
    status: 429,
    error: { type: 'insufficient_quota', code: 'insufficient_quota' },
  });
}

const charged = async ({ slug }: Tenant): Promise<bigint> => {
  const rows = await cli('costs', '--tenant', slug);
  return rows.reduce((sum, row) => sum + picoOf(row['charge_usd'] ?? '0'), 0n);
};

describe('a tenant that reaches its monthly budget inside a session', () => {
  it(
    'has its turn finished and its session ended, and gets no new one, not even after a restart',
    async () => {
      const tenant = await tenantWith('finishes', 'finish_turn');
      const call = await tenant.open();
      const lastTurn = await spendAll(call);
      expect(await call.client.closed).toMatchObject({ code: 4503 });
      const told = call.client.events.slice(-2);
      expect(told).toMatchObject([{ type: 'response.done' }, { type: 'error', error: { code: 'insufficient_quota' } }]);
      expect(spentBy(call) - picoOf(BUDGET)).toBeLessThan(lastTurn);
      await expectRefused(tenant);
      await bed.product().stop();
      await bed.restart();
      await expectRefused(tenant);
      expect(await charged(tenant)).toBe(spentBy(call));
    },
    2 * SLOW_MS,
  );

  it(
    'keeps its session under block_turns: no new turn reaches the vendor until the limit is raised',
    async () => {
      const tenant = await tenantWith('blocks', 'block_turns');
      const call = await tenant.open();
      const lastTurn = await spendAll(call);
      const from = call.client.events.length;
      const turns = call.record.responses.length;
      call.client.send({ type: 'response.create', event_id: 'event_more' });
      expect(await call.client.next('error', from)).toMatchObject({
        error: { code: 'insufficient_quota', event_id: 'event_more' },
      });
      expect(call.record.responses).toHaveLength(turns);
      expect(spentBy(call) - picoOf(BUDGET)).toBeLessThan(lastTurn);
      await expectRefused(tenant);
      await cli('tenant', 'limits', tenant.slug, '--spend-month', '5');
      await eventually('turns go on', async () => {
        const end = await turnOrError(call.client, 'Now?');
        return end.type === 'response.done' ? end : null;
      });
      await call.client.close();
    },
    SLOW_MS,
  );

  it(
    'has every session cut under cut, in the middle of a turn, which is billed for what was said of it',
    async () => {
      const tenant = await tenantWith('cuts', 'cut');
      const [talker, victim] = [await tenant.open(), await tenant.open()];
      await textTurn(talker.client, 'Tell me more.');
      bed.simulator.configure({ reply: { audioSpeed: 1 } });
      void textTurn(victim.client, 'Hello?').catch(() => undefined);
      await victim.client.next('response.output_audio.delta');
      await cli('tenant', 'limits', tenant.slug, '--spend-month', '0.01');
      expect(await victim.client.closed).toMatchObject({ code: 4503 });
      expect(await talker.client.closed).toMatchObject({ code: 4503 });
      expect(victim.client.events.some(({ type }) => type === 'response.done')).toBe(false);
      bed.simulator.configure({ reply: { audioSpeed: 8 } });
      await expectRefused(tenant);
      const cut = await eventually(
        'its report',
        () => victim.record.responses.find(({ status }) => status !== 'in_progress') ?? null,
      );
      expect(cut.status).toBe('cancelled');
      await eventually('the books agree', async () =>
        (await charged(tenant)) === spentBy(talker, victim) ? true : null,
      );
    },
    SLOW_MS,
  );
});

describe('other limits inside a session', () => {
  it(
    "a session's own limit is passed by one turn at most, though many out-of-band responses are asked for at once",
    async () => {
      const tenant = await tenantWith('in-parallel', 'finish_turn', ['--spend-session', '0.02']);
      const { client, record } = await tenant.open();
      const response = { conversation: 'none', input: [], instructions: 'Say something.' };
      for (let round = 0; client.socket.readyState === client.socket.OPEN; round += 1) {
        const from = client.events.length;
        for (let i = 0; i < 40; i += 1)
          client.send({ type: 'response.create', event_id: `event_${round}_${i}`, response });
        await Promise.race([client.next('response.done', from), client.closed]);
      }
      expect(await client.closed).toMatchObject({ code: 4503 });
      const costs = record.responses.map(costOfResponse);
      const dearest = costs.reduce((most, cost) => (cost > most ? cost : most), 0n);
      expect(costs.length).toBeGreaterThan(1);
      expect(costOfSessions([record]) - picoOf('0.02')).toBeLessThan(dearest);
      // Whoever was not let through cost nothing: the vendor never heard of it.
      expect(record.responses.every(({ status }) => status === 'completed')).toBe(true);
    },
    SLOW_MS,
  );

  it(
    "a session's own limit ends it, and the tenant may open another",
    async () => {
      const tenant = await tenantWith('by-session', 'finish_turn', ['--spend-session', '0.000001']);
      const { client } = await tenant.open();
      expect(await textTurn(client, 'Hello?')).toMatchObject({ response: { status: 'completed' } });
      expect(await client.closed).toMatchObject({ code: 4503 });
      await (await tenant.open()).client.close();
    },
    SLOW_MS,
  );

  it(
    'tokens per minute block turns and keep new sessions out, both with a time to come back',
    async () => {
      const tenant = await tenantWith('by-tokens', 'finish_turn', ['--tokens-per-minute', '100']);
      const { client } = await tenant.open();
      await textTurn(client, 'Hello?');
      expect(await turnOrError(client, 'Once more?')).toMatchObject({
        error: { code: 'rate_limit_exceeded', message: expect.stringMatching(/try again in \d+ s/) },
      });
      const refused = await tenant.call();
      expect(refused).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded' } });
      expect('headers' in refused && Number(refused.headers['retry-after'])).toBeGreaterThan(1);
      expect(refused).toMatchObject({
        headers: {
          'x-ratelimit-limit-tokens': '100',
          'x-ratelimit-remaining-tokens': '0',
          'x-ratelimit-reset-tokens': expect.stringMatching(/^\d+(\.\d+)?s$/),
        },
      });
      // The event speaks of the tenant's own limit, never of the account's.
      expect(await client.next('rate_limits.updated')).toMatchObject({
        rate_limits: [{ name: 'tokens', limit: 100, remaining: 0 }],
      });
      await client.close();
    },
    SLOW_MS,
  );
});

describe('a question that is on its way when its session ends', () => {
  it(
    'is in the books as the upstream has it, whoever ended the session',
    async () => {
      const tenant = await tenantWith('hangs-up', 'cut', []);
      const calls: Call[] = [];
      for (let i = 0; i < 20; i++) calls.push(await tenant.open());
      const [first, ...others] = calls;
      for (const { client } of others.slice(0, 10)) {
        client.send({ type: 'response.create' });
        await client.close();
      }
      // The rest is ended from here, with a question of each on its way: nothing of theirs was held for a budget.
      await cli('tenant', 'limits', tenant.slug, '--spend-month', '0.000001', '--over-budget', 'cut');
      if (first) await textTurn(first.client, 'Hello?').catch(() => undefined);
      await eventually('every session is ended', () => {
        const open = others.filter(({ client }) => isOpen(client));
        for (const { client } of open) client.send({ type: 'response.create' });
        return open.length === 0 ? true : null;
      });
      const isSettled = () => calls.every(({ record }) => record.closedAt !== null);
      await eventually('all calls are over', () => (isSettled() ? true : null));
      const responses = calls.flatMap(({ record }) => record.responses);
      expect(responses.filter(({ status }) => status === 'abandoned')).toEqual([]);
      await eventually(
        'the books agree',
        async () => ((await charged(tenant)) === spentBy(...calls) ? true : null),
        30_000,
      );
    },
    2 * SLOW_MS,
  );
});

describe("the account's tokens per minute", () => {
  it(
    'keep new sessions out when they are nearly used up, without their numbers, and let open ones go on',
    async () => {
      const tenant = await tenantWith('by-account', 'finish_turn', []);
      const { client } = await tenant.open();
      await cli('pool', 'update', 'default', '--tokens-per-minute', '100');
      const refused = await eventually('the account has no headroom', async () => {
        await textTurn(client, 'Hello?');
        const outcome = await tenant.call();
        if ('status' in outcome) return outcome;
        await outcome.close();
        return null;
      });
      expect(refused).toMatchObject({ status: 429, error: { message: expect.stringContaining('at capacity') } });
      expect(Object.keys(refused.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
      expect(await textTurn(client, 'Still there?')).toMatchObject({ response: { status: 'completed' } });
      await client.close();
    },
    SLOW_MS,
  );
});
