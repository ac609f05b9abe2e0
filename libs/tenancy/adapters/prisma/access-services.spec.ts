import { randomBytes } from 'node:crypto';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { Prisma } from '@trunkline/platform/database';
import type { AuditRequest } from '../../index.js';
import {
  ADMIN_SESSION_MS_MAX,
  audited,
  findAdminSession,
  guarded,
  recordAudit,
  signInByLink,
  verifyAudit,
  wholeAudit,
  type RecordedEntry,
} from './index.js';

let postgres: TestPostgres;
let nowMs = Date.parse('2026-11-21T12:00:00Z');
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

const nowhere = { ip: null, userAgent: null };
const change = (id: string): AuditRequest => ({
  ...{ actor: { kind: 'system', id: 'spec', name: 'spec' }, origin: { ...nowhere, requestId: null }, action: 'spec' },
  ...{ object: { kind: 'thing', id }, tenantId: null, before: { n: 1e21, text: 'a\0' }, after: { z: 0.1, a: [null] } },
});
const entries = async (): Promise<readonly RecordedEntry[]> => {
  const all: RecordedEntry[] = [];
  for await (const page of wholeAudit(postgres.db)) all.push(...page);
  return all;
};
const context = () => ({ db: postgres.db, clock, randomBytes });

// Nobody administers these: each says in its rows what was done by whom, or is written by processes, or may be made again.
const NOT_ADMINISTERED = [
  ...['admin_session', 'audit_chain', 'audit_entry', 'idempotent_request', '_prisma_migrations', 'tenant_role_right'],
  ...['alert', 'budget_notice', 'export_delivery', 'export_occasion', 'gateway_replica', 'moderation_action'],
  ...['moderation_content', 'moderation_content_key', 'moderation_finding', 'owed_usage', 'policy_version'],
  ...['refused_calls', 'session', 'spool_watermark', 'usage_event', 'tenant_spend', 'rollup_note'],
  ...['pool_rollup_day', 'pool_rollup_hour', 'tenant_rollup_day', 'tenant_rollup_hour'],
  ...['usage_rollup_day', 'usage_rollup_hour', 'usage_rollup_month'],
  ...['charge_line', 'ledger_account', 'ledger_chain', 'ledger_entry', 'ledger_transaction', 'price_change'],
  ...['price_version', 'review_event', 'session_end', 'period_company', 'period_cost_centre', 'period_directory'],
  ...['period_reconciliation', 'reconciliation_difference', 'reconciliation_run'],
];

describe('the record of changes', () => {
  it('notes the rows of every table that somebody administers', async () => {
    const unnoted = await postgres.db.$queryRaw<{ name: string }[]>`
      SELECT relname::text AS name FROM pg_class c
       WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT EXISTS (
               SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgenabled <> 'D' AND tgfoid = 'note_change'::regproc)`;
    expect(unnoted.map(({ name }) => name).toSorted()).toEqual(NOT_ADMINISTERED.toSorted());
  });

  it('is one chain though many write at once, and verifies', async () => {
    const record = (id: string) => postgres.db.$transaction((tx) => recordAudit(tx, change(id)), { maxWait: 20_000 });
    await Promise.all(Array.from({ length: 12 }, (_, i) => record(`thing ${i}`)));
    expect((await entries()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 12 }, (_, i) => BigInt(i + 1)),
    );
    expect(await verifyAudit(postgres.db)).toMatchObject({ ok: true, value: { sequence: 12n } });
  });

  it('is written with its change or not at all', async () => {
    const before = (await entries()).length;
    const failing = postgres.db.$transaction(async (tx) => {
      await recordAudit(tx, change('undone'));
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect((await entries()).length).toBe(before);
    expect(await verifyAudit(postgres.db)).toMatchObject({ ok: true });
  });

  it('records what a service carries out in its own transaction, and no refusal', async () => {
    const { object: _object, before: _before, after: _after, ...who } = change('');
    const db = audited(postgres.db, { ...who, object: { kind: 'made', id: null }, asked: { name: 'x' } });
    const made = async () => (await entries()).filter(({ object }) => object.kind === 'made');
    const data = { id: 'tnt_made', slug: 'made', name: 'Made', status: 'active' };
    await db.$transaction(async (tx) => ({ ok: true, value: { id: (await tx.tenant.create({ data })).id } }));
    await db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 AS "locked" FROM "tenant" FOR UPDATE`;
      return { ok: false, error: { message: 'no' } };
    });
    expect(await made()).toMatchObject([
      {
        ...{ object: { id: 'tnt_made' }, tenantId: 'tnt_made', before: null },
        after: { asked: { name: 'x' }, result: { id: 'tnt_made' }, rows: [{ table: 'tenant', row: { slug: 'made' } }] },
      },
    ]);
    // Outside of a transaction too, and by whatever means; what differs is told from before and after.
    await db.tenant.update({ where: { id: 'tnt_made' }, data: { name: 'Other' } });
    await db.$executeRaw`UPDATE tenant SET sessions_max = 7 WHERE id = 'tnt_made'`;
    await db.$queryRaw`DELETE FROM tenant WHERE id = 'tnt_made' RETURNING id`;
    await db.tenant.updateMany({ where: { id: 'nobody' }, data: { name: 'x' } });
    const [, named, capped, gone, ...more] = await made();
    expect([named, capped, gone]).toMatchObject([
      { before: [{ row: { name: 'Made' } }], after: { rows: [{ row: { name: 'Other' } }] } },
      { before: [{ row: { sessions_max: null } }], after: { rows: [{ row: { sessions_max: 7 } }] } },
      { before: [{ id: 'tnt_made', row: { name: 'Other' } }], tenantId: 'tnt_made' },
    ]);
    expect(more).toEqual([]);
  });

  it('holds no secret of the rows that were changed', async () => {
    const { object: _object, before: _before, after: _after, ...who } = change('');
    const db = audited(postgres.db, { ...who, object: { kind: 'sealed', id: 'x' }, asked: null });
    const upstreamKeySealed = `v1.${'canary'.repeat(8)}`;
    await db.pool.create({ data: { id: 'pool_s', slug: 's', vendor: 'openai', upstreamKeySealed } });
    const sealed = (await entries()).filter(({ object }) => object.kind === 'sealed');
    expect(sealed).toHaveLength(1);
    expect(JSON.stringify(sealed[0]?.after)).not.toContain('canary');
  });

  it('cannot be gone around: a write that nobody records is undone', async () => {
    const db = guarded(postgres.db);
    const data = { id: 'tnt_g', slug: 'g', name: 'G', status: 'active' };
    await expect(db.tenant.create({ data })).rejects.toThrow('without the record');
    await expect(db.$executeRaw`DELETE FROM pool`).rejects.toThrow('without the record');
    await expect(db.$queryRaw`UPDATE pool SET slug = 'x' RETURNING id`).rejects.toThrow('without the record');
    await expect(db.$transaction((tx) => tx.tenant.create({ data }))).rejects.toThrow('without the record');
    expect(await db.tenant.findUnique({ where: { id: 'tnt_g' } })).toBeNull();
    expect(await db.pool.count({ where: { slug: 's' } })).toBe(1);
    await db.$transaction(async (tx) => {
      await tx.tenant.create({ data });
      await recordAudit(tx, change('tnt_g'));
    });
    expect(await db.tenant.count({ where: { id: 'tnt_g' } })).toBe(1);
  });

  it.each(['update', 'delete', 'truncate'] as const)(
    'refuses an %s, even from the owner of the tables',
    async (how) => {
      const by = {
        update: Prisma.sql`UPDATE audit_entry SET actor_name = 'bob'`,
        delete: Prisma.sql`DELETE FROM audit_entry`,
        truncate: Prisma.sql`TRUNCATE audit_entry`,
      };
      await expect(postgres.db.$executeRaw(by[how])).rejects.toThrow('append-only');
    },
  );

  it('tells which entry was changed by who got around that', async () => {
    await postgres.db.$executeRaw`ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only`;
    await postgres.db.$executeRaw`UPDATE audit_entry SET actor_name = 'bob' WHERE sequence = 5`;
    expect(await verifyAudit(postgres.db)).toMatchObject({ ok: false, error: { sequence: 5n } });
    await postgres.db.$executeRaw`UPDATE audit_entry SET actor_name = 'spec' WHERE sequence = 5`;
    await postgres.db.$executeRaw`ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only`;
    expect(await verifyAudit(postgres.db)).toMatchObject({ ok: true });
  });
});

describe('a session of the control plane', () => {
  it('is the owner’s by the link, until 12 hours are over', async () => {
    const secret = await signInByLink(context(), nowhere);
    expect(await findAdminSession(context(), [secret])).toMatchObject({
      ...{ kind: 'member', name: 'Bootstrap owner', grants: [{ role: 'owner', tenantId: null }] },
    });
    nowMs += ADMIN_SESSION_MS_MAX;
    expect(await findAdminSession(context(), [secret])).toBeNull();
  });

  it('loses a role with the next request after it is taken away', async () => {
    const secret = await signInByLink(context(), nowhere);
    await postgres.db.accessGrant.deleteMany({});
    expect((await findAdminSession(context(), ['x', secret]))?.grants).toEqual([]);
    expect((await findAdminSession(context(), [await signInByLink(context(), nowhere)]))?.grants).toHaveLength(1);
  });

  it('is bounded for each member: the oldest makes room', async () => {
    const secrets: string[] = [];
    for (let i = 0; i < 22; i++) {
      nowMs += 1;
      secrets.push(await signInByLink(context(), nowhere));
    }
    const open = await Promise.all(
      secrets.map(async (secret) => (await findAdminSession(context(), [secret])) !== null),
    );
    expect(open).toEqual([false, false, ...Array<boolean>(20).fill(true)]);
  });

  it('of a member who is disabled is nobody’s', async () => {
    const secret = await signInByLink(context(), nowhere);
    await postgres.db.member.updateMany({ data: { disabledAt: new Date(nowMs) } });
    expect(await findAdminSession(context(), [secret])).toBeNull();
    await postgres.db.member.updateMany({ data: { disabledAt: null } });
  });

  it('is never found from nothing', async () => {
    for (const secrets of [[], [''], ['x']]) expect(await findAdminSession(context(), secrets)).toBeNull();
  });
});
