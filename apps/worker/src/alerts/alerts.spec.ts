// Alerts from what the tables say to what a receiver got, over real HTTP.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { specOf, type AlertKind, type Cause, type Measured } from '@trunkline/alerting';
import {
  createChannel,
  createRule,
  evaluateAlerts,
  LEASE_MS,
  listAlerts,
  listDeliveries,
  removeRule,
  resendDelivery,
  takeDue,
  testChannel,
  updateChannel,
  updateRule,
} from '@trunkline/alerting/adapters/prisma';
import { mintId, trustedId, type Result } from '@trunkline/kernel';
import { closeServer, listen } from '@trunkline/platform/http';
import { openLog } from '@trunkline/platform/logging';
import { GuardedPoster, outboundExceptionsOf } from '@trunkline/platform/outbound';
import { secretSeal } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { alertSender, startAlerts } from '../index.js';
import { Deliveries } from './deliver-alerts.js';
import { fullness, measureAlerts } from './measure-alerts.js';

const START_MS = Date.parse('2026-11-21T12:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ACME = trustedId('tnt', mintId('tnt', START_MS, randomBytes));
const OTHER = trustedId('tnt', mintId('tnt', START_MS, randomBytes));
const seal = secretSeal('a pepper only for this spec');
const log = openLog('silent', process.stderr);

let postgres: TestPostgres;
let nowMs = START_MS;
const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
const context = () => ({ db: postgres.db, clock, randomBytes, seal });

interface Got {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
/** A receiver that answers as it is told to. */
const receiver = async () => {
  const got: Got[] = [];
  const state = { status: 204, hangs: false };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { headers } = request;
      got.push({ id: String(headers['webhook-id']), headers, body: Buffer.concat(pieces).toString() });
      if (!state.hangs) response.writeHead(state.status).end('an answer that nobody repeats');
    });
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0, flag: '--port' });
  return { got, state, url: `http://127.0.0.1:${port}/hook?token=canary`, close: () => closeServer(server) };
};
const receivers: Awaited<ReturnType<typeof receiver>>[] = [];
const newReceiver = async () => {
  const made = await receiver();
  receivers.push(made);
  return made;
};
const posters: GuardedPoster[] = [];
const worker = (allow = receivers.map(({ url }) => new URL(url).origin).join(',')) => {
  const poster = new GuardedPoster({ exceptions: outboundExceptionsOf(allow === '' ? null : allow) });
  posters.push(poster);
  const send = alertSender({ poster, mail: null, open: seal.open, nowMs: clock.nowMs });
  const stopping = new AbortController();
  const deliveries = new Deliveries(
    { db: postgres.db, log, clock, metrics: new Metrics(), send, chance: () => 0 },
    stopping.signal,
  );
  const work = async () => {
    await deliveries.look();
    await deliveries.settled();
  };
  return { work, deliveries, stopping };
};
const done = <T>(outcome: Result<T, { readonly message: string }>): T => {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.error.message);
};
const webhook = async (name: string, url: string, owner: typeof ACME | null = null) =>
  done(await createChannel(context(), owner, { kind: 'webhook', name, url }));
const lag = (seconds: number): Measured => new Map([['ledger_lag', [cause('ledger', seconds)]]]);
const cause = (key: string, value: number, tenantId: typeof ACME | null = null): Cause => ({
  ...{ key, tenantId, subject: key, value, detail: `${key} is at ${value}` },
});
const evaluate = (measured: Measured) => evaluateAlerts(context(), measured);

beforeAll(async () => {
  postgres = await startTestPostgres();
  await postgres.db.alertRule.deleteMany();
  for (const [id, slug] of [
    [ACME, 'acme'],
    [OTHER, 'other'],
  ] as const)
    await postgres.db.tenant.create({ data: { id, slug, name: slug, status: 'active' } });
}, 60_000);
afterEach(async () => {
  const { db } = postgres;
  await db.$transaction([
    ...[db.alert.deleteMany(), db.alertDelivery.deleteMany(), db.alertRule.deleteMany(), db.alertChannel.deleteMany()],
    db.budgetNotice.deleteMany(),
  ]);
  nowMs = START_MS;
});
afterAll(async () => {
  for (const poster of posters) poster.close();
  await Promise.all(receivers.map(({ close }) => close()));
  await postgres.stop();
});

const lagRule = (channels: readonly string[], more = {}) =>
  createRule(context(), null, {
    name: 'lag',
    kind: 'ledger_lag',
    threshold: 60,
    channels: [...channels],
    ...more,
  }).then(done);

describe('an alert', () => {
  it('fires once for its cause, is told signed, and is over', async () => {
    const { got, url } = await newReceiver();
    const { secret } = await webhook('ops', url);
    await lagRule(['ops'], { forMs: 5 * MINUTE_MS, severity: 'critical' });
    for (let minute = 0; minute < 12; minute++, nowMs += MINUTE_MS) await evaluate(lag(100 + minute));
    for (let minute = 0; minute < 6; minute++, nowMs += MINUTE_MS) await evaluate(lag(0));
    const { work } = worker();
    await work();
    await work();
    expect(got.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      {
        type: 'alert.fired',
        data: { rule: 'lag', kind: 'ledger_lag', severity: 'critical', value: 105, threshold: 60 },
      },
      { type: 'alert.resolved', data: { rule: 'lag' } },
    ]);
    const [first] = got;
    const signed = `${first?.id ?? ''}.${String(first?.headers['webhook-timestamp'])}.${first?.body ?? ''}`;
    const key = Buffer.from((secret ?? '').replace('whsec_', ''), 'base64');
    expect(first?.headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    const [alert, ...others] = await listAlerts(postgres.db, { owners: null, limit: 10 });
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ state: 'resolved', firedMs: START_MS + 5 * MINUTE_MS });
  });

  it('is one, however many workers look at once', async () => {
    await webhook('ops', 'https://ops.example/hook');
    await lagRule(['ops']);
    const news = await Promise.all(Array.from({ length: 5 }, () => evaluate(lag(100))));
    expect(news.flat()).toHaveLength(1);
    expect(await postgres.db.alertDelivery.count()).toBe(1);
  });

  it('neither begins nor ends while its kind cannot be measured', async () => {
    await lagRule([]);
    await evaluate(lag(100));
    nowMs += DAY_MS;
    expect(await evaluate(new Map())).toEqual([]);
    expect(await listAlerts(postgres.db, { owners: null, state: 'firing', limit: 10 })).toHaveLength(1);
  });

  it('is over when its rule is switched off or removed', async () => {
    await lagRule([]);
    await evaluate(lag(100));
    await updateRule(postgres.db, null, { named: 'lag', request: { enabled: false } });
    await evaluate(lag(100));
    expect(await listAlerts(postgres.db, { owners: null, state: 'firing', limit: 10 })).toEqual([]);
    await updateRule(postgres.db, null, { named: 'lag', request: { enabled: true } });
    await evaluate(lag(100));
    await removeRule(postgres.db, null, 'lag');
    await evaluate(lag(100));
    expect((await listAlerts(postgres.db, { owners: null, limit: 10 })).map(({ state }) => state)).toEqual([
      'resolved',
      'resolved',
    ]);
  });

  it('of a tenant’s own rule is about that tenant, and is told to its own channels only', async () => {
    const { got, url } = await newReceiver();
    await webhook('ops', url, ACME);
    const rule = { name: 'found', kind: 'moderation', threshold: 5 } as const;
    expect(await createRule(context(), OTHER, { ...rule, channels: ['ops'] })).toMatchObject({ ok: false });
    await createRule(context(), ACME, { ...rule, channels: ['ops'] });
    await evaluate(new Map([['moderation', [cause('acme', 7, ACME), cause('other', 9, OTHER)]]]));
    await worker().work();
    expect(got.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ data: { tenant_id: ACME, value: 7 } }]);
    expect(await listAlerts(postgres.db, { owners: [OTHER], limit: 10 })).toEqual([]);
    expect(await createRule(context(), ACME, { name: 'x', kind: 'ledger_lag', threshold: 60 })).toMatchObject({
      error: { message: expect.stringContaining('budget, moderation') as string },
    });
  });
});

describe('a message', () => {
  it('is sent again by the same id when the worker that took it was killed', async () => {
    const { got, url } = await newReceiver();
    await webhook('ops', url);
    const { id } = done(await testChannel(context(), null, 'ops'));
    // Taken, maybe even sent, and never marked.
    expect(await takeDue(postgres.db, { nowMs, busy: [], max: 10 })).toMatchObject([{ id, attempts: 1 }]);
    await worker().work();
    expect(got).toEqual([]);
    nowMs += LEASE_MS;
    await Promise.all([worker().work(), worker().work()]);
    expect(got.map((each) => each.id)).toEqual([id]);
    expect(await listDeliveries(postgres.db, { owner: null, limit: 10 })).toMatchObject([
      { id, state: 'sent', attempts: 2 },
    ]);
  });

  it('is tried for a day, then a dead letter that somebody can send again, by the same id', async () => {
    const { got, state, url } = await newReceiver();
    state.status = 500;
    await webhook('ops', url);
    const { id } = done(await testChannel(context(), null, 'ops'));
    const { work } = worker();
    const read = async () => (await listDeliveries(postgres.db, { owner: null, limit: 1 }))[0];
    let found = await read();
    while (found?.state === 'waiting') {
      nowMs = Math.max(nowMs, found.nextMs);
      await work();
      found = await read();
    }
    expect(found).toMatchObject({ state: 'dead', problem: 'answered 500' });
    expect(nowMs - START_MS).toBeGreaterThan(DAY_MS - 60 * MINUTE_MS);
    expect(nowMs - START_MS).toBeLessThanOrEqual(DAY_MS);
    state.status = 200;
    done(await resendDelivery(context(), null, id));
    await work();
    expect((await read())?.state).toBe('sent');
    expect(new Set(got.map((each) => each.id))).toEqual(new Set([id]));
    expect(await resendDelivery(context(), null, id)).toMatchObject({ ok: false });
    expect(await resendDelivery(context(), ACME, id)).toMatchObject({ error: { code: 'delivery_not_found' } });
  });

  it('is given up at once where nobody is there for good, or the channel is off', async () => {
    const { state, url } = await newReceiver();
    state.status = 410;
    await webhook('gone', url);
    await webhook('off', url);
    for (const name of ['gone', 'off']) done(await testChannel(context(), null, name));
    done(await updateChannel(context(), null, { named: 'off', request: { enabled: false } }));
    await worker().work();
    const problems = (await listDeliveries(postgres.db, { owner: null, state: 'dead', limit: 10 })).map(
      (each) => each.problem,
    );
    expect(problems.sort()).toEqual(['answered 410', 'the channel is gone or switched off']);
  });

  it('goes nowhere inside that the operator did not name', async () => {
    const { got, url } = await newReceiver();
    await webhook('inside', url);
    done(await testChannel(context(), null, 'inside'));
    await worker('').work();
    expect(got).toEqual([]);
    expect(await listDeliveries(postgres.db, { owner: null, limit: 1 })).toMatchObject([
      { state: 'waiting', problem: expect.stringContaining('only https') as string },
    ]);
  });

  it('waits for no receiver but its own', async () => {
    const [hanging, quick] = [await newReceiver(), await newReceiver()];
    hanging.state.hangs = true;
    await webhook('hangs', hanging.url);
    await webhook('quick', quick.url);
    for (const name of ['hangs', 'quick', 'hangs', 'quick']) done(await testChannel(context(), null, name));
    const { deliveries, stopping } = worker();
    await eventually('both to the quick one', async () => {
      await deliveries.look();
      return quick.got.length === 2 ? true : null;
    });
    expect(hanging.got).toHaveLength(1);
    stopping.abort();
    await deliveries.settled();
  });

  it('to a chat has its form, and no signature', async () => {
    const { got, url } = await newReceiver();
    done(await createChannel(context(), null, { kind: 'slack', name: 'chat', url }));
    done(await testChannel(context(), null, 'chat'));
    await worker().work();
    expect(Object.keys(JSON.parse(got[0]?.body ?? '{}') as object)).toEqual(['text']);
    expect(got[0]?.headers['webhook-signature']).toBeUndefined();
  });
});

describe('a channel', () => {
  it('shows nothing of its secrets once it is made', async () => {
    const { channel, secret } = await webhook('ops', 'https://ops.example/hook?token=canary');
    const chat = done(
      await createChannel(context(), null, {
        kind: 'slack',
        name: 'chat',
        url: 'https://hooks.example/services/canary',
      }),
    );
    expect(secret).toMatch(/^whsec_/);
    expect([channel.target, chat.channel.target]).toEqual([['https://ops.example/hook'], ['https://hooks.example']]);
    const rows = JSON.stringify(await postgres.db.alertChannel.findMany(), (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    for (const hidden of ['canary', secret ?? '']) expect(rows).not.toContain(hidden);
  });

  it('keeps its secret when its address changes, and has none that does not fit its kind', async () => {
    const { got, url } = await newReceiver();
    await webhook('ops', 'https://old.example/hook');
    done(await updateChannel(context(), null, { named: 'ops', request: { url } }));
    done(await testChannel(context(), null, 'ops'));
    await worker().work();
    expect(got[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(await updateChannel(context(), null, { named: 'ops', request: { to: ['a@b.example'] } })).toMatchObject({
      error: { code: 'does_not_hold' },
    });
  });

  it.each(['ftp://x.example', 'https://user:pass@x.example', 'x.example'])('has no address such as %s', async (url) => {
    expect(await createChannel(context(), null, { kind: 'webhook', name: 'x', url })).toMatchObject({
      error: { code: 'invalid_input' },
    });
  });
});

describe('what is measured', () => {
  const measure = async (kind: AlertKind) => {
    const onFailure = (_: AlertKind, error: unknown) => expect(error).toBeUndefined();
    const found = await measureAlerts({ db: postgres.db, pools: null, nowMs: clock.nowMs, onFailure }, new Set([kind]));
    return found.get(kind)?.map(({ subject, value }) => [subject, value]);
  };

  it('is how far the limits in force are used, of periods that are not over', async () => {
    const { db } = postgres;
    await db.tenant.update({ where: { id: ACME }, data: { spendDayMax: '5', spendMonthMax: '100' } });
    const notice = (period: string, periodStart: string, limitAmount: string, percent: number) => ({
      ...{ tenantId: ACME, period, periodStart: new Date(periodStart), limitAmount, percent },
      ...{ spent: '4', noticedAt: new Date(START_MS) },
    });
    await db.budgetNotice.createMany({
      data: [
        notice('day', '2026-11-21T00:00:00Z', '5', 50),
        notice('day', '2026-11-21T00:00:00Z', '5', 80),
        notice('day', '2026-11-20T00:00:00Z', '5', 100),
        notice('month', '2026-11-01T00:00:00Z', '50', 100),
        notice('month', '2026-11-01T00:00:00Z', '100', 50),
      ],
    });
    expect(await measure('budget')).toEqual([
      ['acme, day 2026-11-21', 80],
      ['acme, month 2026-11', 50],
    ]);
  });

  it('is how old usage is that is not in the ledger, and which models of which vendor have no price', async () => {
    const insert = (id: string, state: string, vendor = 'openai') => postgres.db.$executeRaw`
      INSERT INTO usage_event (id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor, vendor_object_id,
                               model, status, occurred_at, journalled_at, quantities, evidence, rating_state)
      VALUES (${id}, 1, 'response', 'ses', ${ACME}, 'key', 'pool', 'rep', ${vendor}, ${id}, 'new-model', 'completed',
              now(), now() - interval '2 minutes', '[]'::jsonb, 'reported', ${state})`;
    await insert('use_1', 'pending');
    await insert('use_2', 'unrated');
    await insert('use_3', 'unrated');
    await insert('use_4', 'unrated', 'azure');
    const [[, seconds] = []] = (await measure('ledger_lag')) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(120);
    expect(await measure('unpriced_model')).toEqual([
      ['openai new-model', 2],
      ['azure new-model', 1],
    ]);
  });

  it('is what moderation found in the last hour, dry runs apart', async () => {
    const finding = (minutesAgo: number, dryRun: boolean) => ({
      ...{
        id: mintId('mfd', nowMs, randomBytes),
        tenantId: ACME,
        sessionId: 's',
        keyId: 'k',
        replicaId: 'r',
        policyVersion: 1,
      },
      ...{
        direction: 'input',
        contentKind: 'typed_text',
        hook: 'h',
        hookType: 'terms',
        action: 'flag',
        categories: [],
        dryRun,
      },
      occurredAt: new Date(nowMs - minutesAgo * MINUTE_MS),
    });
    await postgres.db.moderationFinding.createMany({
      data: [finding(1, false), finding(59, false), finding(61, false), finding(1, true)],
    });
    expect(await measure('moderation')).toEqual([['acme', 2]]);
  });

  const run = (id: string, day: string, alarming: boolean, ranAt: string) => ({
    ...{ id, poolId: 'pool_p', day: new Date(day), stage: 'provisional', trigger: 'manual', actor: 'a' },
    ...{ compared: 1, equal: 0, unbooked: 0, oursCost: '1', unexplained: '1', alarming, ranAt: new Date(ranAt) },
  });

  it('is which days differ from the vendor’s books, until somebody notes why', async () => {
    await postgres.db.reconciliationRun.createMany({
      data: [
        run('run_1', '2026-11-18', true, '2026-11-19T06:00:00Z'),
        run('run_2', '2026-11-18', false, '2026-11-21T06:00:00Z'),
        run('run_3', '2026-11-19', true, '2026-11-20T06:00:00Z'),
        run('run_4', '2026-11-20', true, '2026-11-21T06:00:00Z'),
      ],
    });
    expect(await measure('reconciliation')).toEqual([
      ['pool_p, 2026-11-19', 2],
      ['pool_p, 2026-11-20', 2],
    ]);
    await postgres.db.reconciliationNote.create({ data: { runId: 'run_3', actor: 'ann', text: 'known' } });
    expect(await measure('reconciliation')).toEqual([['pool_p, 2026-11-20', 1]]);
    nowMs = START_MS + 30 * DAY_MS;
    expect(await measure('reconciliation')).toEqual([['pool_p, 2026-11-20', 1]]);
  });

  it('is each day that differs, so that a later one is told beside an earlier one that nobody noted', async () => {
    await createRule(context(), null, { name: 'books', kind: 'reconciliation', threshold: 1 });
    const look = async () => {
      const sources = { db: postgres.db, pools: null, nowMs: clock.nowMs, onFailure: () => undefined };
      const told = await evaluateAlerts(context(), await measureAlerts(sources, new Set(['reconciliation'])));
      return told
        .map(({ event, alert }) => [event, alert.subject])
        .filter(([, subject]) => subject?.startsWith('pool_q'));
    };
    const at = (day: string, ranAt: string) =>
      postgres.db.reconciliationRun.create({ data: { ...run(`late ${day}`, day, true, ranAt), poolId: 'pool_q' } });
    await at('2026-11-14', '2026-11-21T06:00:00Z');
    expect(await look()).toEqual([['fired', 'pool_q, 2026-11-14']]);
    nowMs += DAY_MS;
    await at('2026-11-11', '2026-11-22T06:00:00Z');
    expect(await look()).toEqual([['fired', 'pool_q, 2026-11-11']]);
    nowMs += 30 * DAY_MS;
    expect(await look()).toEqual([]);
    await postgres.db.reconciliationNote.create({ data: { runId: 'late 2026-11-11', actor: 'ann', text: 'known' } });
    expect(await look()).toEqual([['resolved', 'pool_q, 2026-11-11']]);
  });

  it('is how full each pool with a cap is', async () => {
    const pool = (name: string, cap: number | null, free: number | null) => ({
      poolId: name,
      pool: name,
      totals: { cap, free, waiting: 2 },
    });
    const causes = fullness([pool('main', 100, 9), pool('spare', 10, 10), pool('open', null, null)]);
    expect(causes.map(({ subject, value }) => [subject, value])).toEqual([
      ['main', 91],
      ['spare', 0],
    ]);
    await createRule(context(), null, { name: 'cap', kind: 'cap_saturation', threshold: 90 });
    expect(await evaluate(new Map([['cap_saturation', causes]]))).toMatchObject([
      { event: 'fired', alert: { subject: 'main', detail: expect.stringContaining('91 of 100 lines') as string } },
    ]);
  });

  it('is nothing of pools where their lines are not known, and nothing ends for it', async () => {
    expect(await measure('cap_saturation')).toBeUndefined();
    expect(specOf('cap_saturation').forTenants).toBe(false);
  });
});

describe('a worker', () => {
  it('finds, tells and counts by itself, and stops', async () => {
    const { got, url } = await newReceiver();
    await webhook('ops', url);
    await createRule(context(), null, { name: 'price', kind: 'unpriced_model', threshold: 2, channels: ['ops'] });
    const metrics = new Metrics();
    const shutdown = new Shutdown(() => undefined);
    const poster = new GuardedPoster({ exceptions: outboundExceptionsOf(new URL(url).origin) });
    posters.push(poster);
    const send = alertSender({ poster, mail: null, open: seal.open, nowMs: clock.nowMs });
    startAlerts({ db: postgres.db, log, clock, metrics, pools: null, send, lookMs: 20 }, shutdown);
    const told = async (line: string) => {
      const found = async () => ((await metrics.scrape()).includes(line) ? true : null);
      await eventually(line, found, 30_000);
    };
    await told('trunkline_alert_deliveries_total{channel="webhook",result="sent"} 1');
    await told('trunkline_alerts_firing{severity="warning"} 1');
    expect(got).toHaveLength(1);
    await shutdown.run();
  });
});
