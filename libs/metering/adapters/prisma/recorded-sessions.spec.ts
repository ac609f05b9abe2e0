import { randomBytes } from 'node:crypto';
import { mintId, type PoolId } from '@trunkline/kernel';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { recordedSessionsOfAllTenants } from './recorded-sessions.js';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const HOUR = 3_600_000;

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

describe('the recorded sessions of a pool', () => {
  const aPool = () => mintId('pool', NOON, randomBytes);
  /** A session that was let in so long after noon, and asked so long before that. */
  const record = async (poolId: PoolId, openedMs: number, parts: { waitedMs?: number; durationMs?: null } = {}) => {
    const { waitedMs = 0, durationMs = 61_000 } = parts;
    const id = mintId('ses', NOON + openedMs - waitedMs, randomBytes);
    const openedAt = new Date(NOON + openedMs);
    const opened = { poolId, keyId: 'key_k', replicaId: 'rep_r', model: 'gpt-realtime', openedAt };
    await postgres.db.session.create({ data: { id, tenantId: 'tnt_t', ...opened, durationMs } });
  };
  const askings = async (poolId: PoolId, sessionsMax = 100) => {
    const query = { poolId, fromMs: NOON, toMs: NOON + HOUR, sessionsMax };
    const { sessions, isCut } = await recordedSessionsOfAllTenants(postgres.db, query);
    return { isCut, askedMs: sessions.map(({ askedAtMs }) => askedAtMs - NOON) };
  };

  it('are those let in within the range, by when they asked, so that a wait is part of a replay', async () => {
    const poolId = aPool();
    await record(poolId, 5_000);
    await record(poolId, 9_000, { waitedMs: 8_000 });
    await record(poolId, 0, { waitedMs: 120_000 });
    for (const outside of [-1, HOUR]) await record(poolId, outside);
    await record(aPool(), 7_000);
    expect(await askings(poolId)).toEqual({ isCut: false, askedMs: [-120_000, 1_000, 5_000] });
  });

  it('have the length they had, or none while they are open', async () => {
    const poolId = aPool();
    await record(poolId, 1);
    await record(poolId, 2, { durationMs: null });
    const query = { poolId, fromMs: NOON, toMs: NOON + HOUR, sessionsMax: 10 };
    const { sessions } = await recordedSessionsOfAllTenants(postgres.db, query);
    const who = { tenantId: 'tnt_t', keyId: 'key_k', model: 'gpt-realtime' };
    expect(sessions).toEqual([
      { ...who, askedAtMs: NOON + 1, durationMs: 61_000 },
      { ...who, askedAtMs: NOON + 2, durationMs: null },
    ]);
  });

  it('are those of every pool where none is named', async () => {
    await postgres.db.$executeRaw`TRUNCATE session`;
    for (const openedMs of [1, 2]) await record(aPool(), openedMs);
    const query = { poolId: null, fromMs: NOON, toMs: NOON + HOUR, sessionsMax: 10 };
    expect((await recordedSessionsOfAllTenants(postgres.db, query)).sessions).toHaveLength(2);
  });

  it('are cut at the bound, and say so', async () => {
    const poolId = aPool();
    for (const openedMs of [1, 2, 3]) await record(poolId, openedMs);
    expect(await askings(poolId, 2)).toEqual({ isCut: true, askedMs: [1, 2] });
    expect(await askings(poolId, 3)).toEqual({ isCut: false, askedMs: [1, 2, 3] });
  });
});
