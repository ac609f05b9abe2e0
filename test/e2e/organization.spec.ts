// Usage and costs as OpenAI's own admin client reads them, through the address that apps use: against figures made by
// hand from the upstream's books, and against the upstream's answer to the same question.
import OpenAI from 'openai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBed, UPSTREAM_KEY, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { costOfSessions, dollarsOf, picoOf } from '../support/spend-oracle.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

type Results = readonly Readonly<Record<string, unknown>>[];

let bed: GatewayBed;
let usageKey: string;
beforeAll(async () => {
  bed = await startBed();
  usageKey = await keyOf(bed.product().ready.tenantId, 'usage');
}, 120_000);
afterAll(() => bed.stop(), 60_000);

async function cli(...args: string[]): Promise<unknown> {
  const line = [...args, '--json', '--data-dir', bed.dataDir];
  const { code, stdout, stderr } = await runProgram('cli', line, { AZURE_KEY: UPSTREAM_KEY });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function keyOf(tenant: string, scope: string): Promise<string> {
  const [row] = (await cli('key', 'create', '--tenant', tenant, '--name', scope, '--scope', scope)) as {
    secret: string;
  }[];
  return row?.secret ?? '';
}

const client = (baseURL: string, adminAPIKey: string) =>
  new OpenAI({ baseURL: `${baseURL}/v1`, adminAPIKey, apiKey: null, maxRetries: 0 }).admin.organization.usage;
const ours = (key = usageKey) => client(bed.product().ready.httpUrl, key);
const theirs = () => client(bed.simulator.httpUrl, 'sk-admin-simulator');

const range = () => {
  const now = Math.floor(Date.now() / 1000);
  return { start_time: now - 86_400, end_time: now + 3_600 };
};
const results = (page: { data: readonly { results: readonly object[] }[] }): Results =>
  page.data.flatMap((bucket) => bucket.results) as Results;

describe('the official admin client', () => {
  it('reads the same figures from us as from the upstream, and they are what the calls cost', async () => {
    const { httpUrl, apiKey, tenantId } = bed.product().ready;
    const voice = await connect(httpUrl, { apiKey });
    for (const text of ['Hello there.', 'Tell me about the weather.', 'And tomorrow?']) await textTurn(voice, text);
    await voice.close();
    const costs = async () => results(await ours().costs({ ...range(), group_by: ['project_id', 'line_item'] }));
    const byHand = () => costOfSessions(bed.simulator.books.list());
    const items = await eventually('all calls are in the ledger', async () => {
      const found = await costs();
      const sum = found.reduce(
        (total, { amount }) => total + picoOf((amount as { value_decimal: string }).value_decimal),
        0n,
      );
      return sum > 0n && dollarsOf(sum) === dollarsOf(byHand()) ? found : null;
    });
    expect(new Set(items.map(({ project_id }) => project_id))).toEqual(new Set([tenantId]));

    const query = { ...range(), group_by: ['model' as const] };
    const [mine, upstreams] = [await ours().completions(query), await theirs().completions(query)];
    // For how long tokens stay in the cache is the vendor's to know; both fields are optional.
    const {
      input_cache_write_30m_tokens: _30m,
      input_cache_write_12h_tokens: _12h,
      ...known
    } = { ...results(upstreams)[0] };
    expect(results(mine)).toEqual([known]);
    expect(results(mine)[0]).toMatchObject({ model: 'gpt-realtime', num_model_requests: 3 });

    const cost = { ...range(), group_by: ['line_item' as const] };
    const plain = (page: Results) =>
      page.map(({ line_item, quantity, amount }) => [line_item, quantity, (amount as { value: number }).value]);
    expect(plain(results(await ours().costs(cost)))).toEqual(plain(results(await theirs().costs(cost))));
  }, 60_000);

  it('sees its own tenant only, whatever it asks for', async () => {
    await cli('tenant', 'create', '--name', 'Other', '--slug', 'other');
    const stranger = ours(await keyOf('other', 'usage'));
    const { tenantId } = bed.product().ready;
    expect(results(await eventually('the new key is known', () => stranger.costs(range()).catch(() => null)))).toEqual(
      [],
    );
    expect(results(await stranger.costs({ ...range(), project_ids: [tenantId] }))).toEqual([]);
    expect(results(await ours().costs({ ...range(), project_ids: [tenantId] }))).toHaveLength(1);
  }, 60_000);

  it('raises its usual errors', async () => {
    const { apiKey } = bed.product().ready;
    await expect(ours(apiKey).costs(range())).rejects.toMatchObject({ status: 403, code: 'missing_scope' });
    await expect(ours('tl_nobody').costs(range())).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(ours().costs({ ...range(), limit: 200 })).rejects.toMatchObject({ status: 400, param: 'limit' });
    await expect(ours().embeddings(range())).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });
});

it('a key that reads usage opens no session', async () => {
  const refused = await tryConnect(bed.product().ready.httpUrl, { apiKey: usageKey });
  expect(refused).toMatchObject({ status: 403, error: { code: 'missing_scope' } });
});

it("what an account of another vendor was used for waits for that vendor's list, and is priced by it", async () => {
  const { httpUrl, apiKey } = bed.product().ready;
  const account = ['--upstream-url', `${bed.simulator.httpUrl}/v1`, '--upstream-key-env', 'AZURE_KEY'];
  await cli('pool', 'create', '--slug', 'azure', '--vendor', 'azure', ...account);
  await cli('pool', 'drain', 'default');
  const unrated = async () => (await cli('costs', '--unrated')) as { why: string }[];
  const waiting = await eventually(
    'a call has gone to the other account',
    async () => {
      const voice = await connect(httpUrl, { apiKey });
      await textTurn(voice, 'Hello there.');
      await voice.close();
      const [first] = await unrated();
      return first ?? null;
    },
    60_000,
  );
  expect(waiting.why).toMatch(/^no price of azure for input_text/);
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-azure-'));
  const prices = { input_text: '5', input_audio: '40', output_text: '20', output_audio: '80' };
  const sheet = { provider: 'azure', model: 'gpt-realtime', unit: 'tokens', effectiveFrom: '2026-01-01', prices };
  await writeFile(join(folder, 'azure.json'), JSON.stringify([{ ...sheet, source: 'a contract' }]));
  await cli('price', 'import', folder);
  await eventually('nothing waits for a price', async () => ((await unrated()).length === 0 ? true : null), 30_000);
  await rm(folder, { recursive: true });
}, 120_000);
