// Against every table that the migrations make: rows of two tenants in each, and what the role of one of them can do to the other's.
import { fileURLToPath } from 'node:url';
import { migrate, openDatabase, Prisma, TENANT_ROLE, withSnapshot, type Database } from '@trunkline/platform/database';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { guarded, TenantRows, tenantRowsProblem } from './index.js';

const MIGRATIONS_DIR = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));
const OURS = 'tnt_ours';
const THEIRS = 'tnt_theirs';
// Of the company, and told to its tenants' people where a route needs it. What is added here is seen by all of them.
const OF_THE_COMPANY = [
  ...['company', 'gateway_replica', 'period_company', 'period_cost_centre', 'policy_version', 'pool', 'price_version'],
];
// Where a part has no column of its own, its tenant is that of what it is a part of.
const PARTS: Readonly<Record<string, readonly [column: string, of: string]>> = {
  ledger_entry: ['account_id', 'ledger_account.id'],
  charge_line: ['transaction_id', 'ledger_transaction.id'],
  cost_centre: ['code', 'cost_centre_assignment.code'],
};

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** By the database. */
  readonly isMade: boolean;
}

let postgres: TestPostgres;
/** Without checks, references and triggers, so that any row can stand in any table; the role may do everything to all of them. */
let bare: Database;
let bareUrl = '';
let columns: readonly Column[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  bareUrl = await postgres.createDatabase();
  bare = openDatabase(bareUrl, { poolMax: 3 });
  await bare.$executeRaw(
    Prisma.raw(`DO $$ DECLARE c RECORD; BEGIN
    FOR c IN SELECT conrelid::regclass AS held, conname FROM pg_constraint
              WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.held, c.conname); END LOOP;
    FOR c IN SELECT oid::regclass AS held FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', c.held); END LOOP;
    GRANT ALL ON ALL TABLES IN SCHEMA public TO trunkline_tenant; END $$`),
  );
  columns = await bare.$queryRaw<Column[]>`
    SELECT c.relname::text AS table, a.attname::text AS name, format_type(a.atttypid, NULL) AS type,
           a.attidentity <> '' OR a.attgenerated <> '' AS "isMade"
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY 1, a.attnum`;
  for (const table of tablesOfTenants())
    for (const tenant of [OURS, THEIRS]) await bare.$executeRaw(Prisma.raw(rowOf(table, tenant)));
}, 60_000);
afterAll(async () => {
  await bare.$disconnect();
  await postgres.stop();
});

const tenantColumn = (table: string) => (table === 'tenant' ? 'id' : (PARTS[table]?.[0] ?? 'tenant_id'));
const tablesOfTenants = () => [
  'tenant',
  ...Object.keys(PARTS),
  ...columns.filter(({ name }) => name === 'tenant_id').map(({ table }) => table),
];

/** `INSERT` of a row whose texts say of which table, column and tenant they are. */
function rowOf(table: string, tenant: string): string {
  const own = columns.filter((column) => column.table === table && !column.isMade);
  const values = own.map(({ name, type }) => {
    if (name === tenantColumn(table)) return `'${PARTS[table] ? `${PARTS[table][1]}.${tenant}` : tenant}'`;
    if (/\[\]$/.test(type)) return `'{}'`;
    if (/^jsonb?$/.test(type)) return `'{}'`;
    if (/^(timestamp|date)/.test(type)) return 'now()';
    if (type === 'boolean') return 'false';
    if (/^(integer|bigint|smallint|numeric|double)/.test(type)) return tenant === OURS ? '1' : '2';
    return `'${table}.${name}.${tenant}'`;
  });
  return `INSERT INTO "${table}" (${own.map(({ name }) => `"${name}"`).join(', ')}) VALUES (${values.join(', ')})`;
}

/** One statement as the role of our tenant; undone. */
function asOurs(sql: string): Promise<unknown> {
  const undone = new Error('undone');
  let answer: unknown = null;
  const tried = bare.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT set_config('trunkline.tenants', ${OURS}, true), set_config('role', ${TENANT_ROLE}, true)`;
    answer = /^SELECT/.test(sql) ? await tx.$queryRaw(Prisma.raw(sql)) : await tx.$executeRaw(Prisma.raw(sql));
    throw undone;
  });
  return tried.catch((error: unknown) => {
    if (error === undone) return answer;
    throw error;
  });
}

const fail = (problem: string) => {
  throw new Error(problem);
};

/** With a column `tenant_id` and no policy that holds the role to it. */
const unprotectedTables = async (db: Database) => {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id'
       AND NOT a.attisdropped AND NOT (c.relrowsecurity AND EXISTS (
             SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'of_tenant' AND NOT p.polpermissive))
     ORDER BY 1`;
  return rows.map(({ name }) => name);
};

describe('a table with rows of tenants', () => {
  it('is protected, whatever migration made it', async () => {
    expect(await unprotectedTables(postgres.db)).toEqual([]);
    await bare.$executeRaw`CREATE TABLE forgotten (tenant_id TEXT)`;
    expect(await unprotectedTables(bare)).toEqual(['forgotten']);
    await bare.$executeRaw`SELECT protect_tenant_rows()`;
    expect(await unprotectedTables(bare)).toEqual([]);
    await bare.$executeRaw`DROP TABLE forgotten`;
  });

  it('shows one tenant nothing of another, and takes nothing for another', async () => {
    const tables = tablesOfTenants();
    expect(tables.length).toBeGreaterThan(35);
    for (const table of tables) {
      const column = tenantColumn(table);
      // Rows of the company (null) may be there from the start.
      const held = `SELECT "${column}" AS whose FROM "${table}" WHERE "${column}" IS NOT NULL`;
      const whole = await bare.$queryRaw<unknown[]>(Prisma.raw(held));
      expect({ table, rows: whole.length }).toEqual({ table, rows: 2 });
      const seen = await asOurs(`SELECT "${column}" AS whose FROM "${table}"`);
      expect({ table, seen }).toEqual({ table, seen: [{ whose: expect.stringContaining(OURS) }] });
      const theirs = `"${column}" LIKE '%${THEIRS}'`;
      expect({ table, deleted: await asOurs(`DELETE FROM "${table}" WHERE ${theirs}`) }).toEqual({ table, deleted: 0 });
      const refused = `violates row-level security policy "of_tenant" for table "${table}"`;
      await expect(asOurs(rowOf(table, THEIRS))).rejects.toThrow(refused);
      const [{ whose } = { whose: '' }] = await bare.$queryRaw<{ whose: string }[]>(
        Prisma.raw(`SELECT "${column}" AS whose FROM "${table}" WHERE ${theirs}`),
      );
      await expect(asOurs(`UPDATE "${table}" SET "${column}" = '${whose}'`)).rejects.toThrow(refused);
    }
  });

  it('shows nobody anything where it is not said whose rows are asked for', async () => {
    for (const table of tablesOfTenants())
      await bare.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT set_config('role', ${TENANT_ROLE}, true)`;
        expect({ table, rows: await tx.$queryRaw(Prisma.raw(`SELECT 1 FROM "${table}"`)) }).toEqual({
          table,
          rows: [],
        });
      });
  });

  it('is found by its index, though nobody names the tenant', async () => {
    for (const table of [
      'session',
      'usage_event',
      'ledger_transaction',
      'usage_rollup_hour',
      'usage_rollup_day',
      'api_key',
    ])
      await postgres.db.$transaction(async (tx) => {
        // Small tables are read whole; whether it could be otherwise is the question.
        await tx.$executeRaw`SET LOCAL enable_seqscan = off`;
        await tx.$queryRaw`SELECT set_config('trunkline.tenants', ${OURS}, true), set_config('role', ${TENANT_ROLE}, true)`;
        const plan = await tx.$queryRaw<{ 'QUERY PLAN': string }[]>(Prisma.raw(`EXPLAIN SELECT * FROM "${table}"`));
        expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index Cond: \(\(?tenant_id = ANY/);
      });
  });

  it('is out of reach where no route of tenants’ people needs it', async () => {
    const readable = await postgres.db.$queryRaw<{ name: string }[]>`
      SELECT c.relname::text AS name FROM pg_class c
       WHERE c.relkind IN ('r', 'p', 'v') AND c.relnamespace = 'public'::regnamespace
         AND has_any_column_privilege(${TENANT_ROLE}, c.oid, 'SELECT, INSERT, UPDATE') AND NOT c.relrowsecurity ORDER BY 1`;
    expect(readable.map(({ name }) => name)).toEqual(OF_THE_COMPANY);
    const [{ secret }] = await postgres.db.$queryRaw<[{ secret: boolean }]>`
      SELECT has_table_privilege(${TENANT_ROLE}, 'access_grant', 'SELECT')
          OR has_table_privilege(${TENANT_ROLE}, 'audit_entry', 'SELECT') AS secret`;
    expect(secret).toBe(false);
  });
});

describe('the database of a request', () => {
  const rows = () => new TenantRows(bare, fail);
  const whole = async (db: Database) => ({
    model: (await db.apiKey.findMany()).map(({ tenantId }) => tenantId),
    raw: await db.$queryRaw`SELECT tenant_id AS of FROM api_key`,
    composed: await db.$queryRaw(Prisma.sql`SELECT tenant_id AS of FROM session`),
    within: await db.$transaction((tx) => tx.usageEvent.count()),
    balance: await db.ledgerEntry.count(),
  });

  it('answers a question that forgets its tenant with rows of who asks, and with nobody else’s', async () => {
    const asked = rows();
    const db = guarded(asked.view());
    const own = await asked.begin(async () => {
      asked.confineTo([OURS]);
      return whole(db);
    });
    expect(own).toEqual({ model: [OURS], raw: [{ of: OURS }], composed: [{ of: OURS }], within: 1, balance: 1 });
    expect(await asked.within([OURS, THEIRS], () => db.apiKey.count())).toBe(2);
    expect(await asked.within([], () => db.apiKey.count())).toBe(0);
  });

  it('changes nothing of anybody else, and is whole again for who comes next', async () => {
    const asked = rows();
    const db = asked.view();
    const change = () => db.apiKey.updateMany({ data: { name: 'changed' } });
    expect(await asked.within([OURS], change)).toEqual({ count: 1 });
    await expect(asked.within([OURS], () => db.tenant.deleteMany({ where: { id: THEIRS } }))).resolves.toEqual({
      count: 0,
    });
    const raised = asked.within([OURS], () => db.$queryRaw`SELECT 1 / 0`);
    await expect(raised).rejects.toThrow();
    const each = await Promise.all(Array.from({ length: 6 }, () => asked.within(null, () => whole(db))));
    for (const { model, within } of each) expect({ model: model.length, within }).toEqual({ model: 2, within: 2 });
  });

  it('keeps requests at once apart', async () => {
    const asked = rows();
    const db = asked.view();
    const of = (tenant: string) =>
      asked.begin(async () => {
        asked.confineTo([tenant]);
        return (await db.apiKey.findMany()).map(({ tenantId }) => tenantId);
      });
    const tenants = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? OURS : THEIRS));
    expect(await Promise.all(tenants.map(of))).toEqual(tenants.map((tenant) => [tenant]));
  });

  it('reads a snapshot of these tenants only', async () => {
    const ask = (tenants: readonly string[] | null) =>
      withSnapshot(bareUrl, (snapshot) => snapshot.query('SELECT count(*)::int AS n FROM ledger_transaction'), {
        tenants,
      });
    expect([await ask([OURS]), await ask(null)]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  });
});

describe('a login that owns nothing', () => {
  const login = async (granted: string) => {
    await bare.$executeRaw(Prisma.raw(`DROP ROLE IF EXISTS app`));
    await bare.$executeRaw(Prisma.raw(`CREATE ROLE app LOGIN PASSWORD 'app'`));
    await bare.$executeRaw(Prisma.raw(`GRANT ${granted}`));
    const url = new URL(bareUrl);
    url.username = 'app';
    url.password = 'app';
    return openDatabase(url.href, { poolMax: 2 });
  };
  const heard: string[] = [];
  const seenBy = async (db: Database) => {
    const asked = new TenantRows(db, (problem) => heard.push(problem));
    try {
      return [await asked.within([OURS], () => asked.view().session.count()), await asked.view().session.count()];
    } finally {
      await db.$disconnect();
    }
  };

  it('confines by the role that the migration gave to that of the processes', async () => {
    expect(await seenBy(await login('trunkline_app TO app'))).toEqual([1, 2]);
    expect(heard).toEqual([]);
  });

  it('without the role is told what to grant, and confines nobody', async () => {
    const own = await login('SELECT ON ALL TABLES IN SCHEMA public TO app');
    expect(await seenBy(own)).toEqual([2, 2]);
    expect(heard.splice(0)).toEqual([
      'As an administrator: GRANT trunkline_tenant TO "app" WITH INHERIT FALSE, SET TRUE;',
    ]);
    await bare.$executeRaw(Prisma.raw(`DROP OWNED BY app`));
  });

  it('that inherits the role would be confined always, and is told so', async () => {
    const own = await login('trunkline_app, trunkline_tenant TO app');
    expect((await seenBy(own))[1]).toBe(0);
    expect(heard.splice(0)).toEqual([expect.stringContaining('WITH INHERIT FALSE')]);
  });

  it('that may make no roles migrates all the same, is told what to grant, and then confines', async () => {
    const url = new URL(await postgres.createDatabase({ empty: true }));
    const name = url.pathname.slice(1);
    await bare.$executeRaw`CREATE ROLE owner_of_tables LOGIN PASSWORD 'owner'`;
    await bare.$executeRaw(Prisma.raw(`ALTER DATABASE ${name} OWNER TO owner_of_tables`));
    url.username = 'owner_of_tables';
    url.password = 'owner';
    await migrate(url.href, MIGRATIONS_DIR);
    const own = openDatabase(url.href, { poolMax: 2 });
    try {
      expect(await tenantRowsProblem(own)).toContain('GRANT trunkline_tenant TO "owner_of_tables"');
      await bare.$executeRaw`GRANT trunkline_tenant TO owner_of_tables WITH INHERIT FALSE, SET TRUE`;
      expect(await tenantRowsProblem(own)).toBeNull();
      const asked = new TenantRows(own, fail);
      expect(await asked.within([OURS], () => asked.view().tenant.count())).toBe(0);
    } finally {
      await own.$disconnect();
    }
  });

  it('of a server without the role is told to make it', async () => {
    await bare.$executeRaw`ALTER ROLE trunkline_tenant RENAME TO gone`;
    try {
      expect(await tenantRowsProblem(bare)).toContain('CREATE ROLE trunkline_tenant NOLOGIN NOINHERIT; then');
    } finally {
      await bare.$executeRaw`ALTER ROLE gone RENAME TO trunkline_tenant`;
    }
  });
});
