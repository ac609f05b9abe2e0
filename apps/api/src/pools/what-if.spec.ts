import { randomBytes } from 'node:crypto';
import { mintId, systemClock } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant, ensurePool } from '@trunkline/tenancy/adapters/prisma';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';
import { CALLS_MAX } from './what-if.controller.js';

const TOKEN = 'the-token-of-the-operator';
const MODEL = 'gpt-realtime';

let postgres: TestPostgres;
let api: RunningApi;
let tenantId: string;
const nowMs = systemClock.nowMs();
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-what-if-spec-0123456') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
  const tenant = await createTenant(tenancy, { slug: 'bots', name: 'Bots' });
  if (!tenant.ok) throw new Error(tenant.error.message);
  tenantId = tenant.value.id;
  await ensurePool(tenancy, { slug: 'main', sessionsMax: 1 });
  // An hour ago: a session of a minute, and ten seconds into it two calls that were refused.
  const askedMs = nowMs - 3_600_000;
  const who = { tenantId, keyId: 'key_k', model: MODEL };
  const opened = { poolId: 'pool_p', replicaId: 'rep_r', openedAt: new Date(askedMs), durationMs: 60_000 };
  await db.session.create({ data: { id: mintId('ses', askedMs, randomBytes), ...who, ...opened } });
  await refuse(2, askedMs + 10_000);
}, 90_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

async function refuse(calls: number, atMs: number): Promise<void> {
  const who = { tenantId, keyId: 'key_k', replicaId: 'rep_r', model: MODEL, family: MODEL, pools: ['pool_p'] };
  const times = { askedFrom: new Date(atMs), askedUntil: new Date(atMs), waitedMs: 0, waitedMsMax: 0 };
  const id = mintId('rfc', atMs, randomBytes);
  await postgres.db.refusedCalls.create({ data: { id, ...who, ...times, calls, reason: 'pool_limit' } });
}

async function ask(body: unknown, authorization = `Bearer ${TOKEN}`) {
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(`${api.apiUrl}/pools/what-if`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

describe('a what-if of the API', () => {
  it('sets the present configuration beside the changed one', async () => {
    const { status, body } = await ask({ days: 1, changes: { pools: { main: { sessionsMax: 2 } } } });
    expect([status, body]).toMatchObject([
      200,
      {
        notes: expect.arrayContaining([
          expect.stringMatching(/^3 calls .*: 1 had a session, 2 were refused or gave up\.$/),
        ]),
        now: { all: { atOnce: 1, refusedBecause: { pool: 2 } }, pools: [{ pool: 'main', sessionsMax: 1 }] },
        then: { all: { atOnce: 2, refusedBefore: { calls: 2, admitted: 1 } }, tenants: [{ tenant: 'bots', calls: 3 }] },
      },
    ]);
  });

  it('is asked with nothing but what is different, and may leave refused calls out', async () => {
    expect((await ask({})).body).toMatchObject({ then: { all: { calls: 3 } } });
    expect((await ask({ refused: 'none' })).body).toMatchObject({ then: { all: { calls: 1 } } });
    expect((await ask({ refused: { oneInMs: 1_000 } })).body).toMatchObject({ then: { all: { calls: 2 } } });
  });

  it('refuses what cannot be read, cannot hold, or is not for who asks', async () => {
    for (const wrong of [{ days: 0 }, { days: 32 }, { day: 1 }, { changes: { pools: { main: { sessionsMax: 0 } } } }])
      expect(await ask(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const shares = { bots: { floor: 5 } };
    expect(await ask({ changes: { pools: { main: { shares } } } })).toMatchObject({
      ...{ status: 409, body: { code: 'does_not_hold', detail: expect.stringContaining('above the cap of 1') } },
    });
    expect(await ask({}, 'Bearer no')).toMatchObject({ status: 401 });
  });

  it('does one at a time', async () => {
    await postgres.db.$transaction(async (tx) => {
      // Whichever is first waits for its records until the other is answered.
      await tx.$executeRaw`LOCK TABLE refused_calls IN ACCESS EXCLUSIVE MODE`;
      const asked = [ask({}), ask({})];
      expect(await Promise.race(asked)).toMatchObject({ status: 503, body: { code: 'what_if_under_way' } });
    });
    await eventually('the first is over', async () => ((await ask({})).status === 200 ? true : null));
  });

  it('replays no more calls than a request may take', async () => {
    await refuse(CALLS_MAX, nowMs - 60_000);
    expect(await ask({})).toMatchObject({
      ...{ status: 503, body: { code: 'takes_too_long', detail: expect.stringContaining('Ask of fewer days') } },
    });
    expect(await ask({ refused: { oneInMs: 1_000 } })).toMatchObject({ status: 200 });
  });
});
