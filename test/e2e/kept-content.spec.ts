// What becomes of what was said: nothing is kept anywhere unless a policy keeps it, and then only sealed, for those who look at
// it, and as long as it says. Against the real product, with the spool, PostgreSQL, Redis, the log and the metrics looked through.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { placesOf } from '../support/kept-nowhere.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

const SLOW_MS = 120_000;
const DAY_MS = 86_400_000;
const CARD = '4111 1111 1111 1111';
const END_USER = 'ana@canary.example';
const FLAGS = {
  type: 'terms',
  name: 'watch',
  onFailure: 'open',
  terms: ['bomb', 'loud', 'degrees', 'table', 'look', 'platform', 'think', 'thursday', 'else', 'harbour', 'done'].map(
    (text) => ({ text }),
  ),
  otherwise: { atLeast: 0.5, action: 'flag' },
};

let redis: TestRedis;
let bed: GatewayBed;
let folder: string;
beforeAll(async () => {
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), 'trunkline-canary-'));
  bed = await startBed({ flags: ['--redis-url', redis.url, '--log-level', 'debug'] });
}, 120_000);
afterAll(async () => {
  await bed.stop();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
}, SLOW_MS);

type Row = Readonly<Record<string, string>>;
const cli = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
};
const rowsOf = async (...args: string[]): Promise<readonly Row[]> =>
  z.array(z.record(z.string(), z.any())).parse(await cli(...args));

/** A turn of a tenant with this policy, in which `canary` is typed; what the model said. */
async function turnUnder(slug: string, policy: object, canary: string): Promise<string> {
  await cli('tenant', 'create', '--name', slug, '--slug', slug);
  const file = join(folder, `${slug}.json`);
  await writeFile(file, JSON.stringify({ version: 1, hooks: [FLAGS], ...policy }));
  await cli('moderation', 'set', slug, '--file', file);
  const [key] = await rowsOf('key', 'create', '--tenant', slug, '--name', 'e2e');
  const apiKey = key?.['secret'] ?? '';
  const { httpUrl } = bed.product().ready;
  const first = await eventually('the key is known', async () => {
    const outcome = await tryConnect(httpUrl, { apiKey });
    return 'status' in outcome ? null : outcome;
  });
  await first.close();
  const client = await connect(httpUrl, { apiKey, headers: { 'openai-safety-identifier': END_USER } });
  await textTurn(client, `${canary}, my card is ${CARD}, and that is a bomb.`);
  const said = await client.next('response.output_audio_transcript.done');
  await client.close();
  await eventually('two items wait', async () => ((await waiting(slug)).length === 2 ? true : null));
  return z.object({ transcript: z.string() }).parse(said).transcript;
}

const Items = z.object({ items: z.array(z.object({ id: z.string() })) });
const waiting = async (slug: string) => Items.parse(await askApi(`${slug}/items`)).items.map(({ id }) => id);
const placesNow = (text: string) => placesOf(text, bed.product(), redis.url);

it(
  'with content off, what was typed and said is nowhere, nor the name of who said it',
  async () => {
    const canary = 'the turquoise heron whistles';
    const said = await turnUnder('kept-off', {}, canary);
    for (const text of [canary, said.slice(0, 20), END_USER, CARD])
      expect([text, await placesNow(text)]).toEqual([text, []]);
    // What is there is found.
    expect(await placesNow('kept-off')).toContain('table public.tenant');
    await eventually(
      'the length of the queue',
      async () => {
        const metrics = await (await fetch(bed.product().ready.metricsUrl)).text();
        return /^trunkline_review_items\{state="open"\} [1-9]/m.test(metrics) ? true : null;
      },
      30_000,
    );
    const upstream = bed.simulator.books.list().toSorted((a, b) => b.index - a.index)[0];
    expect(upstream?.headers['openai-safety-identifier']).toMatch(/^eu_[\w-]{43}$/);
    const [item = ''] = await waiting('kept-off');
    expect(await askApi(`kept-off/items/${item}/content`, { actor: 'bea' })).toEqual({ content: [] });
  },
  SLOW_MS,
);

it(
  'with content on, reviewers read it without personal data, it lies sealed, and it is gone after its time',
  async () => {
    const canary = 'the vermilion stoat hums';
    const said = await turnUnder('on', { content: { keepDays: 30, region: 'eu' } }, canary);
    const items = await waiting('on');
    const texts: string[] = [];
    for (const item of items)
      texts.push(...(await rowsOf('moderation', 'content', 'show', 'on', item)).map((row) => row['text'] ?? ''));
    expect(texts).toContain(`${canary}, my card is [removed], and that is a bomb.`);
    expect(texts.some((text) => text.length > 2 && said.startsWith(text))).toBe(true);
    for (const text of [canary, said.slice(0, 20), END_USER, CARD])
      expect([text, await placesNow(text)]).toEqual([text, []]);
    const read = (item: string) => askApi(`on/items/${item}/content`, { actor: 'bea' });
    expect(await read(items[0] ?? '')).toMatchObject({ content: [{ state: 'kept', region: 'eu' }] });

    const asOf = new Date(Date.now() + 31 * DAY_MS).toISOString();
    const proofs = await rowsOf('moderation', 'content', 'sweep', '--as-of', asOf);
    expect(proofs).toMatchObject([{ cause: 'retention', pieces: texts.length, keys: 1 }]);
    for (const item of items) expect(JSON.stringify(await read(item))).not.toMatch(/"state":"kept"|"text":"/);
  },
  SLOW_MS,
);

it(
  'of one person is exported and deleted by the name that the app has for them',
  async () => {
    const canary = 'the ochre badger yawns';
    await turnUnder('person', { content: { keepDays: 30 } }, canary);
    const ask = (...args: string[]) => cli('moderation', 'content', ...args, '--end-user', END_USER);
    const exported = z.object({ content: z.array(z.object({ text: z.string().nullable() })) });
    const before = exported.parse(await ask('export', 'person'));
    expect(before.content.some(({ text }) => text?.includes(canary))).toBe(true);
    const [proof] = z
      .array(z.record(z.string(), z.unknown()))
      .parse(await ask('delete', 'person', '--reason', 'she asked'));
    expect(proof).toMatchObject({ cause: 'end_user', pieces: before.content.length, keys: 1 });
    const after = exported.parse(await ask('export', 'person'));
    expect(after.content.every(({ text }) => text === null)).toBe(true);
  },
  SLOW_MS,
);

async function askApi(path: string, body?: object): Promise<unknown> {
  const file = await readFile(join(bed.dataDir, 'run.json'), 'utf8');
  const run = z.object({ adminApiUrl: z.string() }).parse(JSON.parse(file));
  const token = (await readFile(join(bed.dataDir, 'secrets/operator-token'), 'utf8')).trim();
  const response = await fetch(`${run.adminApiUrl}/moderation/${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return response.json();
}
