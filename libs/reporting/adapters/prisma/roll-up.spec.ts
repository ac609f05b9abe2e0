import { readFile } from 'node:fs/promises';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { mintId, type TenantId } from '@trunkline/kernel';
import { openDatabase, Prisma, type Database } from '@trunkline/platform/database';
import { bookByHand, bookSamples, sample, takeBack, TENANTS, type Sample } from '../../test/samples.js';
import { checkRollups, rebuildRollups, rollUpAllDue, rollUpDue, type RollupCheck } from './index.js';
import { unlikeLedger } from './rollup-control.js';

jest.setTimeout(120_000);

let postgres: TestPostgres;
let db: Database;
let other: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  const url = await postgres.createDatabase();
  db = openDatabase(url, { poolMax: 3 });
  other = openDatabase(url, { poolMax: 3 });
});
afterEach(() => Promise.all([db.$disconnect(), other.$disconnect()]));
afterAll(() => postgres.stop());

const SPAN = { fromMs: Date.parse('2026-10-30'), toMs: Date.parse('2026-11-04'), tenantId: null };
const TABLES = [
  'usage_rollup_hour',
  'usage_rollup_day',
  'usage_rollup_month',
  'tenant_rollup_hour',
  'tenant_rollup_day',
  'pool_rollup_hour',
  'pool_rollup_day',
  'tenant_spend',
] as const;

const LAST_DAY = `<= '2026-10-31'`;
const FIRST_HOURS = `hour < '2026-11-01T00:00:00Z'`;
/** The rows of the first day, or of its month. */
const FIRST: Readonly<Record<(typeof TABLES)[number], string>> = {
  usage_rollup_hour: FIRST_HOURS,
  usage_rollup_day: `day ${LAST_DAY}`,
  usage_rollup_month: `usage_period = '2026-10'`,
  tenant_rollup_hour: FIRST_HOURS,
  tenant_rollup_day: `day ${LAST_DAY}`,
  pool_rollup_hour: FIRST_HOURS,
  pool_rollup_day: `day ${LAST_DAY}`,
  tenant_spend: FIRST_HOURS,
};

/** Everything that is summed up, row by row. */
const sums = async (): Promise<Record<string, unknown>> => ({
  usage_rollup_hour: await db.$queryRaw`SELECT r::text FROM usage_rollup_hour r ORDER BY 1`,
  usage_rollup_day: await db.$queryRaw`SELECT r::text FROM usage_rollup_day r ORDER BY 1`,
  usage_rollup_month: await db.$queryRaw`SELECT r::text FROM usage_rollup_month r ORDER BY 1`,
  tenant_rollup_hour: await db.$queryRaw`SELECT r::text FROM tenant_rollup_hour r ORDER BY 1`,
  tenant_rollup_day: await db.$queryRaw`SELECT r::text FROM tenant_rollup_day r ORDER BY 1`,
  pool_rollup_hour: await db.$queryRaw`SELECT r::text FROM pool_rollup_hour r ORDER BY 1`,
  pool_rollup_day: await db.$queryRaw`SELECT r::text FROM pool_rollup_day r ORDER BY 1`,
  tenant_spend: await db.$queryRaw`SELECT r::text FROM tenant_spend r ORDER BY 1`,
});
const empty = () => db.$executeRaw`
  TRUNCATE usage_rollup_hour, usage_rollup_day, usage_rollup_month, tenant_rollup_hour, tenant_rollup_day, pool_rollup_hour,
           pool_rollup_day, tenant_spend`;
/** What the ledger itself says, by nothing that the rollup uses. */
const ledgerTotals = () => db.$queryRaw`
  SELECT tenant_id AS tenant, coalesce(sum(total) FILTER (WHERE purpose = 'tenant_charge'), 0)::numeric(38,12)::text AS charge,
         coalesce(sum(total) FILTER (WHERE purpose = 'provider_cost'), 0)::numeric(38,12)::text AS cost,
         (count(*) FILTER (WHERE purpose = 'provider_cost' AND kind = 'usage')
          - count(*) FILTER (WHERE purpose = 'provider_cost' AND kind = 'reversal'))::int AS events
    FROM ledger_transaction GROUP BY 1 ORDER BY 1`;
const summedTotals = (table: Database) => table.$queryRaw`
  SELECT tenant_id AS tenant, sum(tenant_charge)::text AS charge, sum(provider_cost)::text AS cost,
         sum(events)::int AS events
    FROM usage_rollup_month GROUP BY 1 ORDER BY 1`;

/** What is not the ledger's, by table. */
const differing = async (): Promise<Record<string, string[]>> => {
  const found: Record<string, string[]> = {};
  for (const { table, bucket } of await unlikeLedger(db, SPAN)) (found[table] ??= []).push(bucket);
  return found;
};
const differingIn = (checks: readonly RollupCheck[]): Record<string, readonly string[]> =>
  Object.fromEntries(
    checks.flatMap(({ table, unlikeLedger: days }) => (days.length === 0 ? [] : [[table, days] as const])),
  );

describe('what is summed up', () => {
  it('is each meter of an hour, with quantity, charge, cost and events', async () => {
    await bookSamples(db, [sample(), sample({ minute: 59 }), sample({ hour: 1 }), sample({ evidence: 'estimated' })]);
    await rollUpAllDue(db);
    const rows = await db.$queryRaw`
      SELECT to_char(hour AT TIME ZONE 'UTC', 'HH24') AS hour, meter, evidence, quantity::text, tenant_charge::text AS charge,
             provider_cost::text AS cost, readings::int, events::int
        FROM usage_rollup_hour ORDER BY 1, 3 DESC, 2`;
    const text = (over: object) => ({
      ...{ hour: '00', meter: 'input_text', evidence: 'reported', quantity: '1000.000000', readings: 1, events: 1 },
      ...{ charge: '0.004000000000', cost: '0.004000000000', ...over },
    });
    const audio = (over: object) =>
      text({ meter: 'output_audio', quantity: '100.000000', charge: '0.006400000000', events: 0, ...over });
    const cost = { cost: '0.006400000000' };
    expect(rows).toEqual([
      text({ quantity: '2000.000000', charge: '0.008000000000', cost: '0.008000000000', readings: 2, events: 2 }),
      audio({ quantity: '200.000000', charge: '0.012800000000', cost: '0.012800000000', readings: 2 }),
      text({ evidence: 'estimated' }),
      audio({ evidence: 'estimated', ...cost }),
      text({ hour: '01' }),
      audio({ hour: '01', ...cost }),
    ]);
  });

  it('counts usage without any quantity as an event that costs nothing', async () => {
    await bookSamples(db, [sample({ tokens: 0n })]);
    await rollUpAllDue(db);
    const rows = await db.$queryRaw`
      SELECT model, meter, quantity::text, tenant_charge::text AS charge, readings::int, events::int FROM usage_rollup_day`;
    const nothing = { quantity: '0.000000', charge: '0.000000000000', readings: 0, events: 1 };
    expect(rows).toEqual([{ model: 'voice-model', meter: '', ...nothing }]);
  });

  it('has nothing left of what was reversed, in the hour in which it was used', async () => {
    const [first] = await bookSamples(db, [sample(), sample({ hour: 1 })]);
    await rollUpAllDue(db);
    if (first !== undefined) await takeBack(db, first);
    await rollUpAllDue(db);
    const rows = await db.$queryRaw`
      SELECT extract(hour FROM hour AT TIME ZONE 'UTC')::int AS hour, meter, quantity::float, tenant_charge::float AS charge,
             provider_cost::float AS cost, readings::int, events::int
        FROM usage_rollup_hour ORDER BY 1, 2`;
    const nothing = { quantity: 0, charge: 0, cost: 0, readings: 0, events: 0 };
    expect(rows).toEqual([
      { hour: 0, meter: 'input_text', ...nothing },
      { hour: 0, meter: 'output_audio', ...nothing },
      { hour: 1, meter: 'input_text', quantity: 1000, charge: 0.004, cost: 0.004, readings: 1, events: 1 },
      { hour: 1, meter: 'output_audio', quantity: 100, charge: 0.0064, cost: 0.0064, readings: 1, events: 0 },
    ]);
    expect(await db.$queryRaw`SELECT amount::float FROM tenant_spend ORDER BY hour`).toEqual([
      { amount: 0 },
      { amount: 0.0104 },
    ]);
  });

  it('shows a credit beside usage, leaves budgets as they are, and takes no prepayment for a charge', async () => {
    await bookSamples(db, [sample({ hour: 12 })]);
    await bookByHand(db);
    await rollUpAllDue(db);
    const rows = await db.$queryRaw`
      SELECT meter, key_id <> '' AS "hasKey", evidence, tenant_charge::float AS charge, provider_cost::float AS cost
        FROM usage_rollup_month ORDER BY 1`;
    expect(rows).toEqual([
      { meter: 'credit', hasKey: false, evidence: '', charge: -0.1, cost: 0 },
      { meter: 'input_text', hasKey: true, evidence: 'reported', charge: 0.004, cost: 0.004 },
      { meter: 'output_audio', hasKey: true, evidence: 'reported', charge: 0.0064, cost: 0.0064 },
    ]);
    expect(await db.$queryRaw`SELECT amount::float FROM tenant_spend`).toEqual([{ amount: 0.0104 }]);
  });

  it('has what was booked by hand for another month in that month', async () => {
    await bookSamples(db, [sample()]);
    for (const month of ['2026-07', '2026-11'] as const) await bookByHand(db, month);
    await rollUpAllDue(db);
    const rows = await db.$queryRaw`
      SELECT usage_period AS month, meter, tenant_charge::float AS charge FROM usage_rollup_month ORDER BY 1, 2`;
    expect(rows).toEqual([
      { month: '2026-07', meter: 'credit', charge: -0.1 },
      { month: '2026-10', meter: 'input_text', charge: 0.004 },
      { month: '2026-10', meter: 'output_audio', charge: 0.0064 },
      { month: '2026-11', meter: 'credit', charge: -0.1 },
    ]);
    expect(await differing()).toEqual({});
    await db.$executeRaw`UPDATE usage_rollup_month SET tenant_charge = 0 WHERE usage_period = '2026-07'`;
    expect(await differing()).toEqual({ usage_rollup_month: ['2026-07'] });
  });

  it('is held against the totals of the ledger, table by table', async () => {
    await bookSamples(db, [sample(), sample({ tenant: 1, day: 1 }), sample({ evidence: 'estimated' })]);
    await bookByHand(db);
    await rollUpAllDue(db);
    for (const table of TABLES) {
      const measures = table === 'tenant_spend' ? ['amount'] : ['quantity', 'tenant_charge', 'provider_cost', 'events'];
      for (const measure of measures) {
        await db.$executeRaw(Prisma.raw(`UPDATE ${table} SET ${measure} = ${measure} + 1 WHERE ${FIRST[table]}`));
        const bucket = table === 'usage_rollup_month' ? '2026-10' : '2026-10-31';
        expect([measure, await differing()]).toEqual([measure, { [table]: [bucket] }]);
        await db.$executeRaw(Prisma.raw(`UPDATE ${table} SET ${measure} = ${measure} - 1 WHERE ${FIRST[table]}`));
      }
    }
    expect(await differing()).toEqual({});
  });

  it('may lag behind where something is due, and only there', async () => {
    await bookSamples(db, [sample(), sample({ day: 1 }), sample({ tenant: 1 })]);
    await rollUpAllDue(db);
    await bookSamples(db, [sample()]);
    await db.$executeRaw`UPDATE tenant_rollup_day SET tenant_charge = 99 WHERE tenant_id = ${TENANTS[1]}`;
    await db.$executeRaw`UPDATE usage_rollup_day SET tenant_charge = 99 WHERE day > '2026-10-31'`;
    const found = await unlikeLedger(db, SPAN);
    expect(found.filter(({ due }) => !due).map(({ table, bucket }) => [table, bucket])).toEqual([
      ['tenant_rollup_day', '2026-10-31'],
      ['usage_rollup_day', '2026-11-01'],
    ]);
    // Each table, but for the one with a wrong row in the same bucket.
    expect(found.filter(({ due }) => due)).toHaveLength(TABLES.length - 1);
  });

  it('says what it could not compare, since it was booked for at each look', async () => {
    await db.$executeRaw`
      CREATE FUNCTION lag() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.amount := NEW.amount - 1; RETURN NEW; END'`;
    await db.$executeRaw`CREATE TRIGGER lag BEFORE INSERT ON tenant_spend FOR EACH ROW EXECUTE FUNCTION lag()`;
    await bookSamples(db, [sample()]);
    const outcome = async (): Promise<unknown> => {
      const checks = await checkRollups(db, SPAN);
      const spent = checks.find(({ table }) => table === 'tenant_spend');
      return [spent?.unlikeLedger, spent?.notCompared];
    };
    expect(await outcome()).toEqual([['2026-10-31'], []]);
    // As if another booking left a note before each look.
    await db.$executeRaw`
      CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;
    await db.$executeRaw`CREATE TRIGGER keep BEFORE DELETE ON rollup_note FOR EACH ROW EXECUTE FUNCTION keep()`;
    await bookSamples(db, [sample({ minute: 1 })]);
    expect(await outcome()).toEqual([[], ['2026-10-31']]);
  });

  it('is put right where a row is wrong, missing or nobody’s, and only there', async () => {
    await bookSamples(db, [sample(), sample({ tenant: 1 }), sample({ day: 1 })]);
    await rollUpAllDue(db);
    const right = await sums();
    expect((await checkRollups(db, SPAN)).map(({ table, wrong }) => [table, wrong])).toEqual(
      TABLES.map((table) => [table, []]),
    );
    await db.$executeRaw`UPDATE usage_rollup_hour SET tenant_charge = 99 WHERE tenant_id = ${TENANTS[1]}`;
    await db.$executeRaw`DELETE FROM tenant_spend WHERE tenant_id = ${TENANTS[0]} AND hour >= '2026-11-01'`;
    await db.$executeRaw`UPDATE usage_rollup_month SET model = 'nobody’s' WHERE meter = 'input_text'`;
    const before = await checkRollups(db, SPAN);
    expect(Object.fromEntries(before.map(({ table, wrong }) => [table, wrong]))).toEqual({
      usage_rollup_hour: ['2026-10-31'],
      usage_rollup_day: [],
      usage_rollup_month: ['the months'],
      tenant_rollup_hour: [],
      tenant_rollup_day: [],
      pool_rollup_hour: [],
      pool_rollup_day: [],
      tenant_spend: ['2026-11-01'],
    });
    expect(differingIn(before)).toEqual({ usage_rollup_hour: ['2026-10-31'], tenant_spend: ['2026-11-01'] });
    expect(await sums()).not.toEqual(right);
    const rebuilt = await rebuildRollups(db, SPAN);
    expect(await sums()).toEqual(right);
    expect(rebuilt.map(({ after }) => after)).toEqual((await checkRollups(db, SPAN)).map(({ before: sha }) => sha));
  });

  it('is rebuilt for one tenant and a range, and nothing else is touched', async () => {
    await bookSamples(db, [sample(), sample({ tenant: 1 }), sample({ day: 1 })]);
    await rollUpAllDue(db);
    const right = await sums();
    await db.$executeRaw`UPDATE tenant_spend SET amount = 7`;
    await rebuildRollups(db, { fromMs: SPAN.fromMs, toMs: Date.parse('2026-11-01'), tenantId: TENANTS[0] });
    expect(await db.$queryRaw`SELECT count(*)::int AS wrong FROM tenant_spend WHERE amount = 7`).toEqual([
      { wrong: 2 },
    ]);
    await rebuildRollups(db, SPAN);
    expect(await sums()).toEqual(right);
  });
});

/** What may happen, in any order. */
type Step =
  | { readonly kind: 'book'; readonly samples: readonly Sample[] }
  | { readonly kind: 'book by hand'; readonly month: '2026-08' | '2026-10' | '2026-11' }
  | { readonly kind: 'book and take back' }
  | { readonly kind: 'pass'; readonly hoursMax: number }
  | { readonly kind: 'two workers' }
  | { readonly kind: 'crash' };
const samples = fc.record({
  tenant: fc.nat({ max: TENANTS.length - 1 }),
  day: fc.nat({ max: 2 }),
  hour: fc.nat({ max: 23 }),
  minute: fc.nat({ max: 59 }),
  key: fc.nat({ max: 1 }),
  model: fc.constantFrom('voice-model', 'voice-model-2026-01-01', 'other-model'),
  tokens: fc.bigInt({ min: 0n, max: 100_000n }),
  evidence: fc.constantFrom('reported', 'estimated'),
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('book'), samples: fc.array(samples, { minLength: 1, maxLength: 6 }) }),
  fc.record({ kind: fc.constant('pass'), hoursMax: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ kind: 'book and take back' }),
  fc.record({ kind: fc.constant('book by hand'), month: fc.constantFrom('2026-08', '2026-10', '2026-11') }),
  fc.constant({ kind: 'two workers' }),
  fc.constant({ kind: 'crash' }),
);

async function take(step: Step): Promise<void> {
  switch (step.kind) {
    case 'book and take back':
      for (const event of await bookSamples(db, [sample(), sample({ hour: 3 })])) await takeBack(db, event);
      return;
    case 'book by hand':
      await bookByHand(db, step.month);
      return;
    case 'book':
      await bookSamples(
        db,
        step.samples.map((each) => sample(each)),
      );
      return;
    case 'pass':
      await rollUpDue(db, step.hoursMax);
      return;
    case 'two workers':
      await Promise.all([rollUpAllDue(db), rollUpDue(other, 1), bookSamples(other, [sample({ hour: 7 })])]);
      return;
    case 'crash':
      await crashDuringPass();
      return;
  }
}

/** A pass of a second worker that has its sums and waits to write the last of them, until `meanwhile` is over. */
async function duringPass(meanwhile: (pid: number) => Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
  const passes: Promise<unknown>[] = [];
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE tenant_spend IN EXCLUSIVE MODE`;
    passes.push(rollUpDue(other));
    // On another connection: within a transaction the server shows its connections as they were at the first look.
    const pid = await eventually('a pass that waits', async () => {
      const waiting: { pid: number }[] = await db.$queryRaw`
        SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INTO "tenant_spend"%'
           AND pid <> pg_backend_pid()`;
      return waiting[0]?.pid ?? null;
    });
    await meanwhile(pid);
  });
  const [outcome] = await Promise.allSettled(passes);
  if (outcome === undefined) throw new Error('there was no pass');
  return outcome;
}

// The worker's connection dies before it could commit.
async function crashDuringPass(): Promise<void> {
  await bookSamples(db, [sample({ hour: 9 })]);
  const outcome = await duringPass((pid) => db.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`);
  expect(outcome.status).toBe('rejected');
}

describe('any order of bookings, passes, workers and crashes', () => {
  it('comes to the same as computing everything once at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 8 }), async (history) => {
        for (const step of history) await take(step);
        await rollUpAllDue(db);
        const onTheWay = await sums();
        expect(await summedTotals(db)).toEqual(await ledgerTotals());
        expect(await unlikeLedger(db, SPAN)).toEqual([]);
        await empty();
        await rebuildRollups(db, SPAN);
        expect(await sums()).toEqual(onTheWay);
        expect(await db.rollupNote.count()).toBe(0);
      }),
      { numRuns: 8 },
    );
  });

  it('forgets nothing that was booked while its hour was being summed up', async () => {
    await bookSamples(db, [sample()]);
    const outcome = await duringPass(() => bookSamples(db, [sample({ minute: 1 })]));
    expect(outcome.status).toBe('fulfilled');
    await rollUpAllDue(db);
    expect(await summedTotals(db)).toEqual(await ledgerTotals());
  });
});

it('knows tenants that are in no other table', async () => {
  const stranger: TenantId = mintId('tnt', 1, (n) => new Uint8Array(n).fill(9));
  await db.$executeRaw`
    INSERT INTO usage_rollup_month
    VALUES (${stranger}, '2026-11', 'k', 'p', 'm', 'input_text', 'reported', 1, 1, 1, 1, 1)`;
  await rebuildRollups(db, SPAN);
  expect(await db.usageRollupMonth.count()).toBe(0);
});

describe('the migration that adds the sums without keys', () => {
  it('fills them as the passes would', async () => {
    await bookSamples(db, [
      sample(),
      sample({ key: 1 }),
      sample({ day: 1, tenant: 1 }),
      sample({ evidence: 'estimated' }),
    ]);
    await bookByHand(db);
    await rollUpAllDue(db);
    const byPasses = await sums();
    await db.$executeRaw`TRUNCATE tenant_rollup_hour, tenant_rollup_day`;
    const migration = await readFile('prisma/migrations/20261128092101_tenant_rollups/migration.sql', 'utf8');
    const fills = migration.match(/INSERT INTO[^;]+;/g) ?? [];
    expect(fills).toHaveLength(2);
    for (const fill of fills) await db.$executeRaw(Prisma.raw(fill));
    expect(await sums()).toEqual(byPasses);
  });

  it('leaves a worker of an earlier release without work, which it would do by half', async () => {
    await bookSamples(db, [sample()]);
    expect(await db.$queryRaw`SELECT FROM rollup_due`).toEqual([]);
    expect(await db.rollupNote.count()).toBeGreaterThan(0);
  });
});
