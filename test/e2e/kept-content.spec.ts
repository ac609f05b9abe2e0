// What becomes of what was said: nothing is kept anywhere unless a policy keeps it, and then only sealed, for those who look at
// it, and as long as it says. Against the real product, with the spool, PostgreSQL, Redis, the log and the metrics looked through.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { appends, speech } from '../conformance/simulator/support/speech.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { placesOf } from '../support/kept-nowhere.js';
import { eventually } from '../support/poll.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { connect, textTurn, type VoiceClient } from '../support/voice-client.js';

const SLOW_MS = 120_000;
const DAY_MS = 86_400_000;
const CARD = '4111 1111 1111 1111';
const END_USER = 'ana@canary.example';
const FLAGS = {
  type: 'terms',
  name: 'watch',
  onFailure: 'open',
  terms: [
    'bomb',
    'invoice',
    'loud',
    'degrees',
    'table',
    'look',
    'platform',
    'think',
    'thursday',
    'else',
    'harbour',
    'done',
  ].map((text) => ({ text })),
  otherwise: { atLeast: 0.5, action: 'flag' },
};

let redis: TestRedis;
let bed: GatewayBed;
beforeAll(async () => {
  redis = await startTestRedis();
  bed = await startBed({ flags: ['--redis-url', redis.url, '--log-level', 'debug'] });
}, 120_000);
afterAll(async () => {
  await bed.stop();
  await redis.stop();
}, SLOW_MS);

// The clip "invoice", as the upstream transcribes it for the gateway; the app has nothing transcribed.
const SPOKEN = 'I have a question about my last invoice, please.';
const VOICE = Buffer.concat([speech('invoice'), Buffer.alloc(48_000)]);
// Loud in the middle: silence is everywhere.
const SOME_VOICE = VOICE.subarray(48_000, 48_060);

async function speak(client: VoiceClient): Promise<void> {
  const turn_detection = { type: 'server_vad', silence_duration_ms: 500 };
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection } } } });
  await client.next('session.updated');
  const from = client.events.length;
  for (const append of appends(VOICE)) client.send(append);
  await client.next('response.done', from);
}

/** Two turns of a tenant with this policy: `canary` is typed, and a sentence spoken; what the model said first. */
async function turnUnder(slug: string, policy: object, canary: string): Promise<string> {
  const apiKey = await bed.keyUnder(slug, { hooks: [FLAGS], ...policy });
  const { httpUrl } = bed.product().ready;
  const client = await connect(httpUrl, { apiKey, headers: { 'openai-safety-identifier': END_USER } });
  await textTurn(client, `${canary}, my card is ${CARD}, and that is a bomb.`);
  const said = await client.next('response.output_audio_transcript.done');
  await speak(client);
  await client.close();
  // What was typed, what was spoken, and an answer to each.
  await eventually('four items wait', async () => ((await waiting(slug)).length === 4 ? true : null));
  return z.object({ transcript: z.string() }).parse(said).transcript;
}

const Items = z.object({ items: z.array(z.object({ id: z.string() })) });
const waiting = async (slug: string) => Items.parse(await askApi(`${slug}/items`)).items.map(({ id }) => id);
const placesNow = (text: string | Buffer) => placesOf(text, bed.product(), redis.url);
/** What was said, and how it sounded: as text, as it was sent, and as bytes. */
async function expectNowhere(...texts: readonly string[]): Promise<void> {
  for (const text of [...texts, SPOKEN.slice(5, 40), SOME_VOICE, SOME_VOICE.toString('base64')])
    expect([text, await placesNow(text)]).toEqual([text, []]);
}

it(
  'with content off, what was typed and said is nowhere, nor the name of who said it',
  async () => {
    const canary = 'the turquoise heron whistles';
    const said = await turnUnder('kept-off', {}, canary);
    await expectNowhere(canary, said.slice(0, 20), END_USER, CARD);
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
      texts.push(...(await bed.cli('moderation', 'content', 'show', 'on', item)).map((row) => row['text'] ?? ''));
    expect(texts).toContain(`${canary}, my card is [removed], and that is a bomb.`);
    // As far as it had been transcribed when something was found.
    expect(texts.some((text) => text.length > 30 && SPOKEN.startsWith(text))).toBe(true);
    expect(texts.some((text) => text.length > 2 && said.startsWith(text))).toBe(true);
    await expectNowhere(canary, said.slice(0, 20), END_USER, CARD);
    const read = (item: string) => askApi(`on/items/${item}/content`, { actor: 'bea' });
    expect(await read(items[0] ?? '')).toMatchObject({ content: [{ state: 'kept', region: 'eu' }] });

    const asOf = new Date(Date.now() + 31 * DAY_MS).toISOString();
    const proofs = await bed.cli('moderation', 'content', 'sweep', '--as-of', asOf);
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
    const ask = (...args: string[]) => bed.cli('moderation', 'content', ...args, '--end-user', END_USER);
    const exported = z.object({ content: z.array(z.object({ text: z.string().nullable() })) });
    const before = exported.parse(await ask('export', 'person', '--reason', 'she asked'));
    expect(before.content.some(({ text }) => text?.includes(canary))).toBe(true);
    const [proof] = z
      .array(z.record(z.string(), z.unknown()))
      .parse(await ask('delete', 'person', '--reason', 'she asked'));
    expect(proof).toMatchObject({ cause: 'end_user', pieces: before.content.length, keys: 1 });
    const after = exported.parse(await ask('export', 'person', '--reason', 'she asked'));
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
