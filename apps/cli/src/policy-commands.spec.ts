import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { systemClock } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { addKeyCommands } from './key-commands.js';
import { formatRows, type Row } from './output.js';
import { addPoolCommands } from './pool-commands.js';
import { addShareCommands } from './share-commands.js';
import { addTenantCommands } from './tenant-commands.js';

const CANARY = 'canary-upstream-key';

describe('the commands that set policy', () => {
  let postgres: TestPostgres;
  let context: PoolContext;
  let count = 0;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const pepper = 'a pepper only for tests';
    const { seal: sealUpstreamKey } = secretSeal(pepper);
    context = { db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(pepper), sealUpstreamKey };
  }, 60_000);
  afterAll(() => postgres.stop());

  /** Runs a command line as `main.ts` does. @returns what would be printed; a refusal rejects. */
  async function cli(line: string): Promise<readonly Row[]> {
    const printed: Row[] = [];
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    const run = async (_: Command, work: (tenancy: PoolContext) => Promise<readonly Row[]>) =>
      void printed.push(...(await work(context)));
    addTenantCommands(program, run);
    addKeyCommands(program, run);
    addPoolCommands(program, run, { UPSTREAM_KEY: `${CANARY}\n` });
    addShareCommands(program, run);
    await program.parseAsync(line.split(' '), { from: 'user' });
    return printed;
  }
  const aPool = async (flags = '') => {
    const slug = `pool-${++count}`;
    await cli(`pool create --slug ${slug} ${flags}`.trim());
    return slug;
  };
  const aTenant = async () => {
    const slug = `tenant-${++count}`;
    await cli(`tenant create --name A --slug ${slug}`);
    return slug;
  };

  it('make a pool with caps and an account of its own, and show no key', async () => {
    const slug = await aPool(
      '--sessions-max 100 --models gpt-realtime,gpt-live-1 --tier 3 --weight 5 --family-cap gpt-realtime=80 ' +
        '--family-cap gpt-live-1=none --upstream-url https://eu.example/v1 --upstream-key-env UPSTREAM_KEY',
    );
    const shown = await cli(`pool show ${slug}`);
    expect(shown).toEqual([
      expect.objectContaining({
        ...{ slug, vendor: 'openai', status: 'active', sessions_max: 100, tier: 3, weight: 5 },
        ...{ family_caps: ['gpt-realtime=80'], models: ['gpt-realtime', 'gpt-live-1'] },
        ...{ upstream_url: 'https://eu.example/v1', upstream_key: 'its own' },
      }),
    ]);
    expect(JSON.stringify(shown) + formatRows(await cli('pool list'), false)).not.toMatch(/canary|v1\./);
  });

  it('rotate a key with its share of lines, and put key and tenant away with what they were charged', async () => {
    const [pool, tenant] = [await aPool('--sessions-max 10'), await aTenant()];
    const [old] = await cli(`key create --tenant ${tenant} --name prod --sessions-max 5`);
    await cli(`share set --pool ${pool} --tenant ${tenant} --floor 3`);
    await cli(`share set --pool ${pool} --tenant ${tenant} --key ${String(old?.['id'])} --floor 2`);
    const [next] = await cli(`key rotate --tenant ${tenant} ${String(old?.['id'])} --overlap 1h`);
    expect(next).toMatchObject({ name: 'prod', sessions_max: 5, replaces: old?.['id'] });
    expect(next?.['secret']).not.toBe(old?.['secret']);
    expect(await cli(`share list --pool ${pool}`)).toContainEqual(
      expect.objectContaining({ key: next?.['id'], floor: 2 }),
    );
    await expect(cli(`key archive --tenant ${tenant} ${String(old?.['id'])}`)).rejects.toThrow('revoke it first');
    await cli(`key revoke --tenant ${tenant} ${String(old?.['id'])}`);
    expect(await cli(`key archive --tenant ${tenant} ${String(old?.['id'])}`)).toMatchObject([{ charged: '0' }]);
    expect(await cli(`tenant archive ${tenant}`)).toMatchObject([{ status: 'suspended', charged: '0' }]);
    await expect(cli(`tenant activate ${tenant}`)).rejects.toThrow('archived for good');
    expect(await cli(`share list --pool ${pool}`)).toEqual([]);
  });

  it('change a pool, take values away, drain it and let it serve again', async () => {
    const slug = await aPool('--sessions-max 10 --family-cap a=1 --models a --tokens-per-minute 5 --tier 1');
    const none = '--sessions-max none --models none --tokens-per-minute none --tier none --family-cap a=none';
    expect(await cli(`pool update ${slug} ${none} --waiting-max 5 --waiting-per-tenant-max 0`)).toMatchObject([
      {
        ...{ sessions_max: null, models: null, tokens_per_minute_max: null, tier: null, waiting_max: 5 },
        ...{ family_caps: ['gpt-live-1=25'], waiting_per_tenant_max: 0 },
      },
    ]);
    expect(await cli(`pool set-cap ${slug} --sessions-max 7`)).toMatchObject([{ sessions_max: 7 }]);
    expect(await cli(`pool drain ${slug}`)).toMatchObject([{ status: 'draining' }]);
    expect(await cli(`pool undrain ${slug}`)).toMatchObject([{ status: 'active' }]);
  });

  it('make an Azure pool with its deployments', async () => {
    const account = '--vendor azure --upstream-url https://a.example --upstream-key-env UPSTREAM_KEY';
    const slug = await aPool(`${account} --deployment gpt-realtime=voice --deployment gpt-live-1=live`);
    await cli(`pool update ${slug} --deployment gpt-live-1=none`);
    expect(await cli(`pool show ${slug}`)).toMatchObject([{ deployments: ['gpt-realtime=voice'] }]);
  });

  it('take the name of a variable for a key, and repeat neither', async () => {
    const refused = cli(`pool create --slug x --upstream-key-env ${CANARY}`);
    await expect(refused).rejects.toThrow('takes the name of an environment variable');
    await expect(refused).rejects.not.toThrow('canary');
  });

  it('say what a preset set and what is not documented', async () => {
    const slug = await aPool();
    expect(await cli(`pool preset ${slug} --tier 4`)).toEqual([
      { cap: 'gpt-live-1', set_to: 300, why: expect.stringMatching(/^documented for tier 4; not offered .* yet/) },
      { cap: 'the models offered now', set_to: null, why: expect.stringContaining('gpt-realtime-2.1-mini') },
      { cap: 'gpt-live-1.1', set_to: null, why: expect.stringContaining('does not publish') },
      { cap: 'tokens per minute', set_to: null, why: expect.stringContaining('15,000,000') },
      { cap: 'sessions in total', set_to: null, why: expect.stringContaining('about 100') },
    ]);
    expect(await cli(`pool preset ${slug} --tier 5 --launch-caps`)).toContainEqual({
      ...{ cap: 'sessions in total', set_to: 100, why: 'announced at launch for tier 5 (--launch-caps)' },
    });
    await expect(cli(`pool preset ${slug} --tier 1 --launch-caps`)).rejects.toThrow('known for tier 5 only');
    await expect(cli(`pool preset ${slug} --tier 9`)).rejects.toThrow('Write one of 1, 2, 3, 4, 5.');
  });

  it('give shares to a tenant and its key, list them and take them away', async () => {
    const [pool, tenant] = [await aPool('--sessions-max 10'), await aTenant()];
    const [key] = await cli(`key create --tenant ${tenant} --name k`);
    const keyId = String(key?.id);
    const of = `--pool ${pool} --tenant ${tenant}`;
    await cli(`share set ${of} --floor 4 --weight 3`);
    await cli(`share set ${of} --ceiling 8`);
    await cli(`share set ${of} --key ${keyId} --floor 2`);
    const share = { pool, tenant, key: null, floor: 4, ceiling: 8, weight: 3 };
    const keyShare = { pool, tenant, key: keyId, floor: 2, ceiling: null, weight: null };
    expect(await cli(`share list --pool ${pool}`)).toEqual([share, keyShare]);
    await expect(cli(`share set ${of} --key ${keyId} --weight 2`)).rejects.toThrow('a key has no --weight');
    await expect(cli(`share set ${of} --floor 11`)).rejects.toThrow(/is 11, above the cap of 10/);
    await expect(cli(`share list --pool no-such`)).rejects.toThrow('There is no pool "no-such"');
    expect(await cli(`share remove ${of} --key ${keyId}`)).toEqual([{ ...keyShare, removed: 'yes' }]);
    expect(await cli(`share remove ${of}`)).toEqual([{ ...share, removed: 'yes' }]);
    expect(await cli(`share list --pool ${pool}`)).toEqual([]);
  });

  it('set limits in words, show those that are not the default, and take them away', async () => {
    const tenant = await aTenant();
    const flags =
      '--wait 10s --grace 2s --idle-reclaim 60s --session-max 30m --sessions-per-minute 30 ' +
      '--tokens-per-minute 100000 --spend-session 5 --spend-day 50.25 --spend-month 1000 --over-budget block_turns ' +
      '--bill-estimates no';
    const details = {
      ...{ wait_ms_max: 10_000, reconnect_grace_ms: 2_000, idle_reclaim_ms: 60_000, session_ms_max: 1_800_000 },
      ...{ sessions_per_minute_max: 30, tokens_per_minute_max: 100_000, over_budget: 'block_turns' },
      bill_estimates: 'do_not_bill',
      ...{ spend_session_max_usd: '5', spend_day_max_usd: '50.25', spend_month_max_usd: '1000' },
    };
    expect(await cli(`tenant limits ${tenant} ${flags}`)).toMatchObject([details]);
    expect(await cli(`tenant limits ${tenant}`)).toMatchObject([details]);
    expect(await cli(`tenant show ${tenant}`)).toMatchObject([details]);
    const none = ['idle-reclaim', 'session-max', 'sessions-per-minute', 'tokens-per-minute', 'spend-session'];
    await cli(`tenant limits ${tenant} ${none.map((name) => `--${name} none`).join(' ')} --spend-month none`);
    const listed = (await cli('tenant list')).find(({ slug }) => slug === tenant);
    expect(listed?.limits).toEqual([
      'wait_ms_max=10000',
      'spend_day_max_usd=50.25',
      'over_budget=block_turns',
      'bill_estimates=do_not_bill',
    ]);
  });

  it.each([
    ['--wait 3m', "'--wait <duration>' argument '3m' is invalid. Write a duration from 0 to 2m."],
    ['--idle-reclaim 1s', 'Write a duration from 5s to 24h.'],
    ['--session-max 1s', 'Write a duration from 10s to 24h.'],
    ['--wait soon', 'Write a duration'],
    ['--grace none', 'Write a duration'],
    ['--spend-day free', 'Write US dollars above 0 as a decimal, such as 5 or 0.25, or none.'],
    ['--spend-month 0', 'Write US dollars above 0'],
    ['--sessions-per-minute many', 'Write a whole number from 1 to 1000000, or none.'],
    ['--bill-estimates perhaps', 'Write yes or no'],
    ['--over-budget stop', 'Allowed choices are finish_turn, block_turns, cut.'],
  ])('say what is allowed instead of %s', async (flags, words) => {
    const tenant = await aTenant();
    const refused = cli(`tenant limits ${tenant} ${flags}`);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.not.toThrow(/Ms\b|Max\b|millisecond/);
  });

  it.each([
    [
      'pool create --slug x --weight 1001',
      "'--weight <n>' argument '1001' is invalid. Write a whole number from 0 to 1000.",
    ],
    ['pool create --slug x --waiting-max -1', 'Write a whole number from 0 to 1000.'],
    ['pool create --slug x --tokens-per-minute 0', 'Write a whole number from 1 to 1000000000, or none.'],
    ['pool create --slug x --family-cap a=0', 'Write a whole number from 1 to 1000000.'],
    ['pool create --slug x --sessions-max 0', 'Write a whole number from 1 to 1000000, or none.'],
    ['pool create --slug x --upstream-url ftp://x', 'Write an address such as https://api.openai.com/v1'],
    ['pool create --slug x --upstream-url https://eu.example/v1', '`--upstream-key-env`'],
    ['pool set-cap x --sessions-max many', 'Write a whole number from 1 to 1000000, or none.'],
    ['share set --pool x --tenant y --floor -1', 'Write a whole number from 0 to 1000000.'],
    ['share set --pool x --tenant y --ceiling 0', 'Write a whole number from 1 to 1000000, or none.'],
    ['share set --pool x --tenant y --weight 0', 'Write a whole number from 1 to 1000.'],
    ['key create --tenant x --name k --sessions-max 0', 'Write a whole number from 1 to 1000000, or none.'],
    [
      'key create --tenant x --name k --expires-at soon',
      'Write a date and time in ISO 8601, such as 2026-12-31T23:59:59Z.',
    ],
    ['tenant create --name x --sessions-max 1.5', 'Write a whole number from 1 to 1000000, or none.'],
  ])('speak of the flag as it was typed, and of no field: %s', async (line, words) => {
    const refused = cli(line);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.not.toThrow(/\b(upstream|sessions|waiting|tokens|family|expires)[A-Z]/);
  });

  it('show which budgets were used so far, of all tenants or of one', async () => {
    const [tenant, other] = [await aTenant(), await aTenant()];
    const [shown] = await cli(`tenant show ${tenant}`);
    const at = new Date('2026-11-21T00:00:00Z');
    const notice = { period: 'month', periodStart: at, limitAmount: '10', percent: 80, spent: '8.5', noticedAt: at };
    await context.db.budgetNotice.create({ data: { tenantId: String(shown?.id), ...notice } });
    const row = { tenant: shown?.id, period: 'month', percent: 80, limit_usd: '10', spent_usd: '8.5' };
    expect(await cli(`tenant budget-notices ${tenant}`)).toMatchObject([row]);
    expect(await cli('tenant budget-notices')).toMatchObject([row]);
    expect(await cli(`tenant budget-notices ${other}`)).toEqual([]);
    const session = { period: 'session', sessionId: 'ses_s', keyId: 'key_k' };
    await context.db.budgetNotice.create({ data: { tenantId: String(shown?.id), ...notice, ...session } });
    expect(await cli(`tenant budget-notices ${tenant}`)).toHaveLength(1);
    expect(await cli(`tenant budget-notices ${tenant} --sessions`)).toMatchObject([
      { ...row, period: 'session', session: 'ses_s', key: 'key_k' },
    ]);
  });

  it('change a key, and refuse a cap below what it is guaranteed', async () => {
    const [pool, tenant] = [await aPool('--sessions-max 10'), await aTenant()];
    const [key] = await cli(`key create --tenant ${tenant} --name k --sessions-max 5`);
    const keyId = String(key?.id);
    await cli(`share set --pool ${pool} --tenant ${tenant} --floor 4`);
    await cli(`share set --pool ${pool} --tenant ${tenant} --key ${keyId} --floor 4`);
    expect(await cli(`key update ${keyId} --tenant ${tenant} --name other`)).toMatchObject([{ name: 'other' }]);
    await expect(cli(`key update ${keyId} --tenant ${tenant} --sessions-max 3`)).rejects.toThrow(
      'above the cap of 3 sessions of key',
    );
    await expect(cli(`tenant update ${tenant} --sessions-max 3`)).rejects.toThrow(
      'above the cap of 3 sessions of tenant',
    );
  });
});
