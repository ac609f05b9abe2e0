import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { mintId } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import type { Row } from '../output.js';
import { addTenantCommands } from '../tenant-commands.js';
import { addPriceCommands } from './price-commands.js';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const SHEET = {
  model: 'voice-model',
  effectiveFrom: '2026-01-01',
  unit: 'tokens',
  prices: { input_text: '4', output_audio: '64' },
  source: 'test',
};

describe('the commands of the price book', () => {
  let postgres: TestPostgres;
  let context: PoolContext;
  let folder: string;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const pepper = 'a pepper only for tests';
    const { seal: sealUpstreamKey } = secretSeal(pepper);
    const clock = { nowMs: () => NOW, monotonicMs: () => 0 };
    context = { db: postgres.db, clock, randomBytes, hashKey: keyHasher(pepper), sealUpstreamKey };
    folder = await mkdtemp(join(tmpdir(), 'prices-'));
    await writeFile(join(folder, 'voice.json'), JSON.stringify([SHEET]));
    await cli(`price import ${folder} --actor ann`);
    await cli('tenant create --name Acme --slug acme');
    await journalled('2026-10-05T12:00:00Z', '2026-10-31T23:59:59Z', '2026-11-01T00:00:00Z');
  }, 60_000);
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await postgres.stop();
  });

  /** Runs a command line as `main.ts` does; `_` in a word stands for a space. */
  async function cli(line: string): Promise<readonly Row[]> {
    const printed: Row[] = [];
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    const run = async (_: Command, work: (tenancy: PoolContext) => Promise<readonly Row[]>) =>
      void printed.push(...(await work(context)));
    addPriceCommands(program, run);
    addTenantCommands(program, run);
    await program.parseAsync(line.split(' '), { from: 'user' });
    return printed;
  }
  const idOf = (rows: readonly Row[]): string => String(rows[0]?.['id']);
  const fileOf = async (content: unknown): Promise<string> => {
    const file = join(folder, `${randomBytes(4).toString('hex')}.draft`);
    await writeFile(file, JSON.stringify(content));
    return file;
  };

  /** A million text tokens of acme at each of the times. */
  async function journalled(...times: string[]): Promise<void> {
    const [tenant] = await cli('tenant list');
    const poolId = mintId('pool', 1, randomBytes);
    await postgres.db.usageEvent.createMany({
      data: times.map((at, i) => ({
        ...{ id: `evt ${i}`, version: 1, kind: 'response', sessionId: 'ses', tenantId: String(tenant?.['id']) },
        ...{
          keyId: 'key',
          poolId,
          replicaId: 'rep',
          vendor: 'openai',
          vendorObjectId: `resp ${i}`,
          model: 'voice-model',
        },
        ...{ status: 'completed', evidence: 'reported', ratingState: 'rated', occurredAt: new Date(at) },
        quantities: [{ meter: 'input_text', quantityMicro: '1000000000000' }],
      })),
    });
  }

  it('say what a file of prices is where there is none, or none of JSON', async () => {
    const draft = (file: string) => cli(`price draft ${file} --reason agreed --actor ann`);
    await expect(draft(join(folder, 'nowhere.json'))).rejects.toThrow(
      /nowhere\.json cannot be read: .*docs\/prices\.md/,
    );
    await writeFile(join(folder, 'half.draft'), '{"versions": [');
    await expect(draft(join(folder, 'half.draft'))).rejects.toThrow(/half\.draft is not JSON: docs\/prices\.md/);
  });

  it('draft, show, approve and list a change', async () => {
    const file = await fileOf([{ ...SHEET, effectiveFrom: '2026-12-01', prices: { input_text: '5' } }]);
    const id = idOf(await cli(`price draft ${file} --reason list --actor ann`));
    expect(await cli(`price diff ${id}`)).toEqual([
      {
        what: 'voice-model input_text',
        at: '2026-12-01T00:00:00.000Z',
        before: '4 per 1M tokens',
        after: '5 per 1M tokens',
      },
    ]);
    await expect(cli(`price approve ${id} --actor ann`)).rejects.toThrow('a second person');
    expect(await cli(`price approve ${id} --actor bob`)).toMatchObject([{ state: 'approved', added: 1 }]);
    const changes = (await cli('price list')).filter((row) => row['id'] === id);
    expect(changes).toMatchObject([{ state: 'approved', author: 'ann', decided_by: 'bob' }]);
    expect(await cli('price diff --from 2026-11-30 --to 2026-12-02')).toMatchObject([{ after: '5 per 1M tokens' }]);
    const inForce = await cli('price list --at 2026-12-02');
    expect(inForce.map((row) => [row['meter'], row['price_usd'], row['per']])).toEqual([
      ['input_text', '5', '1M tokens'],
      ['output_audio', '64', '1M tokens'],
    ]);
  });

  it.each([{}, [], { versions: [] }])('say what to write where a file has no price: %j', async (content) => {
    const file = await fileOf(content);
    await expect(cli(`price draft ${file} --reason list --actor ann`)).rejects.toThrow(
      /nothing was drafted:\nthere is no price in it: write .*docs\/prices.md/,
    );
  });

  it('take tenants by slug in files, and show them so', async () => {
    const row = { model: 'voice-model', meter: 'output_audio', unit: 'tokens', price: '50', source: 'contract' };
    const content = { versions: [{ ...row, effectiveFrom: '2027-03-01', book: 'tenant:acme' }] };
    const id = idOf(await cli(`price draft ${await fileOf(content)} --reason contract --actor ann`));
    expect(await cli(`price diff ${id}`)).toMatchObject([
      { what: 'voice-model output_audio for tenant:acme', before: null, after: '50 per 1M tokens' },
    ]);
  });

  it('reject a change, with a reason', async () => {
    const file = await fileOf([{ ...SHEET, effectiveFrom: '2027-01-01', prices: { input_text: '9' } }]);
    const id = idOf(await cli(`price draft ${file} --reason list --actor ann`));
    await expect(cli(`price reject ${id} --actor bob`)).rejects.toThrow(/--reason/);
    expect(await cli(`price reject ${id} --reason wrong --actor bob`)).toMatchObject([{ state: 'rejected' }]);
  });

  it('say what a month would have cost under a draft that begins later, and under a markup', async () => {
    const file = await fileOf([{ ...SHEET, effectiveFrom: '2027-02-01', prices: { input_text: '3' } }]);
    const id = idOf(await cli(`price draft ${file} --reason list --actor ann`));
    // Two of the three events are October's.
    const october = { model: 'voice-model', events: 2, charge_usd: '8', cost_usd: '8' };
    expect(await cli(`price impact ${id} --month 2026-10`)).toMatchObject([
      { ...october, would_be_usd: '6', difference_usd: '-2', cost_would_be_usd: '6' },
    ]);
    expect(await cli('price impact --tenant acme --markup 12.5')).toMatchObject([
      { ...october, would_be_usd: '9', difference_usd: '1', cost_would_be_usd: '8' },
    ]);
  });

  it('set markups and uplifts as drafts, or at once for a single person', async () => {
    const from = '--from 2026-12-01 --reason contract --actor ann';
    expect(await cli(`price plan set acme --markup 15 ${from}`)).toMatchObject([{ state: 'draft' }]);
    expect(await cli('price plan list')).toEqual([]);
    const set = await cli(`price plan set acme --markup 12.5 ${from} --single-person`);
    expect(set).toMatchObject([{ state: 'approved', decided_by: 'ann (single person)' }]);
    await cli(`price uplift set data-residency --tenant acme --percent 10 ${from} --single-person`);
    expect((await cli('price plan list')).map((row) => [row['what'], row['scope'], row['added']])).toEqual([
      ['markup', 'tenant:acme', '12.5 %'],
      ['uplift data-residency', 'tenant:acme', '10 %'],
    ]);
  });

  it.each([
    ['price plan set acme --markup 15.555 --from 2026-12-01 --reason x', /two decimals/],
    ['price plan set acme --markup 15 --from soon --reason x', /ISO 8601/],
    ['price plan set acme --markup 15 --from 2026-01-01 --reason x', /in the past/],
    ['price plan set nobody --markup 15 --from 2026-12-01 --reason x', /nobody/],
    ['price uplift set data-residency --percent 10 --from 2026-12-01 --reason x', /--pool and --tenant/],
    ['price approve pch_x', /there is no price change pch_x/],
    ['price diff', /--from before --to/],
    ['price impact', /--markup with --tenant/],
    ['price impact --markup 5 --tenant acme --month 2026-13', /a month such as/],
  ])('refuse %s and say what to do', async (line, message) => {
    await expect(cli(line)).rejects.toThrow(message);
  });
});
