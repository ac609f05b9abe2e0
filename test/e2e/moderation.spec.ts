// What a moderation policy does in live sessions: against the real gateway, with an upstream whose sentences are known.
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { costOfSessions, picoOf } from '../support/spend-oracle.js';
import { connect, textTurn, tryConnect, type ServerEvent, type VoiceClient } from '../support/voice-client.js';

const SLOW_MS = 60_000;
// A word of each sentence that the simulator says.
const SPOKEN = [
  'loud',
  'degrees',
  'table',
  'moment',
  'platform',
  'question',
  'thursday',
  'anything',
  'lighthouse',
  'sure',
];
const BLOCKED = {
  type: 'terms',
  name: 'spoken',
  onFailure: 'closed',
  kinds: ['output_text'],
  terms: SPOKEN.map((text) => ({ text, category: 'blocked_word' })),
};
const TYPED = {
  type: 'personal_data',
  name: 'cards',
  onFailure: 'closed',
  kinds: ['typed_text'],
  detect: ['card_number'],
  otherwise: { atLeast: 0.5, action: 'redact' },
};

let bed: GatewayBed;
beforeAll(async () => {
  // Ten deltas of a known sentence, spread over more than a second.
  bed = await startBed({ simulator: { reply: { audioSpeed: 2 } } });
}, 120_000);
afterAll(() => bed.stop(), SLOW_MS);

const open = async (apiKey: string): Promise<VoiceClient> => {
  const client = await connect(bed.product().ready.httpUrl, { apiKey });
  await client.next('session.created');
  return client;
};
const ofType = (events: readonly ServerEvent[], type: string) => events.filter((event) => event.type === type);
const textOf = ({ delta }: ServerEvent): string => (typeof delta === 'string' ? delta : '');
/** Of 24 kHz, 16 bits, in base64. */
const audioMs = (events: readonly ServerEvent[]): number =>
  ofType(events, 'response.output_audio.delta').reduce((ms, event) => ms + textOf(event).length / 64, 0);
/** How much audio came before the transcript had said a blocked word, and something after it. */
function audioMsUntilWord(events: readonly ServerEvent[]): number {
  let said = '';
  const isSaid = (event: ServerEvent): boolean => {
    if (event.type === 'response.output_audio_transcript.delta') said += textOf(event).toLowerCase();
    return SPOKEN.some((word) => new RegExp(`\\b${word}\\W`).test(said));
  };
  const at = events.findIndex(isSaid);
  if (at === -1) throw new Error('the upstream said no word that is blocked');
  return audioMs(events.slice(0, at));
}
const lastRecord = () => {
  const record = bed.simulator.books.list().toSorted((a, b) => b.index - a.index)[0];
  if (record === undefined) throw new Error('the upstream saw no session');
  return record;
};

describe('blocked words that the model says', () => {
  it(
    'are never heard where output is held back, and what was generated is in the books',
    async () => {
      const slug = 'held-back';
      const client = await open(await bed.keyUnder(slug, { hooks: [BLOCKED], output: { holdBackMs: 2_000 } }));
      const done = await textTurn(client, 'Say something.');
      expect(done).toMatchObject({ response: { status: 'cancelled' } });
      const heard = client.events.filter(
        ({ type }) => type.startsWith('response.') || type.startsWith('conversation.'),
      );
      expect(ofType(heard, 'response.output_audio.delta')).toEqual([]);
      const words = JSON.stringify(heard).toLowerCase();
      expect(SPOKEN.filter((word) => words.includes(word))).toEqual([]);
      expect(await client.next('error')).toMatchObject({ error: { code: 'content_blocked' } });
      const record = lastRecord();
      await client.close();
      expect(record.responses[0]?.usage?.output_tokens).toBeGreaterThan(0);
      expect(done).toMatchObject({ response: { usage: record.responses[0]?.usage } });
      const charged = await eventually('the charge', async () => {
        const rows = await bed.cli('costs', '--tenant', slug);
        const sum = rows.reduce((total, row) => total + picoOf(row['charge_usd'] ?? '0'), 0n);
        return sum === 0n ? null : sum;
      });
      expect(charged).toBe(costOfSessions([record]));
    },
    SLOW_MS,
  );

  it(
    'stop the audio within 250 ms of them, before the app is told, and leave nothing in the conversation',
    async () => {
      // The same conversation gets the same answer: what an app without a policy hears says where the word stands.
      const free = await open(bed.product().ready.apiKey);
      await textTurn(free, 'Say something.');
      const untilWordMs = audioMsUntilWord(free.events);
      await free.close();
      const client = await open(await bed.keyUnder('cut-off', { hooks: [BLOCKED] }));
      const from = client.events.length;
      await textTurn(client, 'Say something.');
      expect(audioMs(client.events)).toBeLessThanOrEqual(untilWordMs + 250);
      expect(audioMs(free.events)).toBeGreaterThan(untilWordMs + 250);
      const order = client.events.slice(from).map(({ type }) => type);
      expect(order).toContain('error');
      expect(order.lastIndexOf('response.output_audio.delta')).toBeLessThan(order.indexOf('error'));
      // Nor is what the app has and has not played to be heard; told before anything else is.
      expect(order.indexOf('output_audio_buffer.cleared')).toBeLessThan(order.indexOf('error'));
      expect(order.indexOf('output_audio_buffer.cleared')).toBeGreaterThan(
        order.indexOf('response.output_audio.delta'),
      );
      const words = JSON.stringify(client.events.filter(({ type }) => type.endsWith('.done'))).toLowerCase();
      expect(SPOKEN.filter((word) => words.includes(word))).toEqual([]);
      await client.next('conversation.item.deleted');
      await client.close();
    },
    SLOW_MS,
  );

  it(
    'are answered by a refusal that is spoken, if the policy has one',
    async () => {
      const terms = { ...BLOCKED, terms: SPOKEN.map((text) => ({ text })) };
      const policy = { hooks: [terms], output: { holdBackMs: 500, refusal: 'I cannot help with that.' } };
      const client = await open(await bed.keyUnder('refuses', policy));
      await textTurn(client, 'Say something.');
      await eventually('the end of a second response', () =>
        ofType(client.events, 'response.done').length > 1 ? true : null,
      );
      // The simulator refuses with a blocked word, too; nobody refuses that.
      expect(await textTurn(client, 'Say something.')).toMatchObject({
        response: { conversation_id: expect.any(String) as string },
      });
      await client.close();
    },
    SLOW_MS,
  );
});

describe('what apps send', () => {
  it(
    'reaches the model only as it may',
    async () => {
      const apiKey = await bed.keyUnder('redacts', { hooks: [TYPED] });
      const client = await open(apiKey);
      const text = 'My card is 4111 1111 1111 1111, thank you.';
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
      client.send({ type: 'conversation.item.create', item });
      const added = await client.next('conversation.item.added');
      expect(JSON.stringify(added)).toContain('My card is [removed], thank you.');
      // Whatever else it says that it is.
      const from = client.events.length;
      const event = JSON.stringify({ type: 'conversation.item.create', item }).slice(1);
      client.sendText(`{"type":"input_audio_buffer.append",${event}`);
      expect(JSON.stringify(await client.next('conversation.item.added', from))).toContain('My card is [removed]');
      await client.close();
    },
    SLOW_MS,
  );

  it(
    'ends the session where the policy says so, with a code that says why',
    async () => {
      const ends = { ...TYPED, otherwise: { atLeast: 0.5, action: 'end' } };
      const client = await open(await bed.keyUnder('ends', { hooks: [ends] }));
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: '4111111111111111' }] };
      client.send({ type: 'conversation.item.create', item });
      expect(await client.closed).toMatchObject({ code: 4504 });
      expect(ofType(client.events, 'error').map(({ error }) => error)).toContainEqual(
        expect.objectContaining({ code: 'content_blocked' }),
      );
    },
    SLOW_MS,
  );
});

it(
  'a policy that is set while a session lives is followed within seconds, and neighbours hear everything',
  async () => {
    const slug = 'changes';
    const blocks = { ...TYPED, otherwise: { atLeast: 0.5, action: 'block' } };
    const client = await open(
      await bed.keyUnder(slug, { hooks: [BLOCKED, blocks].map((each) => ({ ...each, dryRun: true })) }),
    );
    expect(await textTurn(client, 'Say something.')).toMatchObject({ response: { status: 'completed' } });
    await bed.setPolicy(slug, { hooks: [BLOCKED, blocks] });
    const setAtMs = performance.now();
    await eventually('a card that is blocked', async () => {
      const from = client.events.length;
      const content = [{ type: 'input_text', text: 'My card is 4111 1111 1111 1111.' }];
      client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
      const isTold = ({ type }: ServerEvent): boolean => type === 'error' || type === 'conversation.item.added';
      const told = await eventually('what became of it', () => client.events.slice(from).find(isTold) ?? null);
      return told.type === 'error' ? true : null;
    });
    // Gateways look twice a second; the rest is for a machine that is busy.
    expect(performance.now() - setAtMs).toBeLessThan(5_000);
    expect(await textTurn(client, 'Say something.')).toMatchObject({ response: { status: 'cancelled' } });
    const neighbour = await open(bed.product().ready.apiKey);
    expect(await textTurn(neighbour, 'Say something.')).toMatchObject({ response: { status: 'completed' } });
    await Promise.all([client.close(), neighbour.close()]);
  },
  SLOW_MS,
);

it(
  'what a client secret says to the model is judged when it is minted, and again when the policy has changed',
  async () => {
    const slug = 'minted';
    const terms = (text: string) => ({
      ...BLOCKED,
      kinds: ['instructions'],
      terms: [{ text, category: 'blocked_word' }],
    });
    const key = await bed.keyUnder(slug, { hooks: [terms('forbidden')] });
    const { httpUrl } = bed.product().ready;
    const mint = (instructions: string) =>
      fetch(`${httpUrl}/v1/realtime/client_secrets`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ session: { type: 'realtime', model: 'gpt-realtime', instructions } }),
      });
    const refused = await mint('Say forbidden things.');
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 'content_blocked' } }]);
    const { value: apiKey } = (await (await mint('Be kind.')).json()) as { value: string };
    const client = await connect(httpUrl, { apiKey });
    expect(await client.next('session.created')).toMatchObject({ session: { instructions: 'Be kind.' } });
    await client.close();
    await bed.setPolicy(slug, { hooks: [terms('kind')] });
    await eventually('the policy that blocks it', async () => {
      const outcome = await tryConnect(httpUrl, { apiKey });
      if ('status' in outcome) return outcome.status === 400 ? true : null;
      await outcome.close();
      return null;
    });
  },
  SLOW_MS,
);

describe('what follows from findings by itself', () => {
  const FLAGS = { ...TYPED, otherwise: { atLeast: 0.5, action: 'flag' } };
  const card = (client: VoiceClient) => {
    const content = [{ type: 'input_text', text: 'My card is 4111111111111111.' }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  };
  const httpUrl = () => bed.product().ready.httpUrl;

  it(
    'warns the app and ends the session where a rule says so',
    async () => {
      const actions = [{ on: ['flag'], categories: ['card_number'], then: ['warn', 'end_session'] }];
      const client = await open(await bed.keyUnder('warns', { hooks: [FLAGS], actions }));
      card(client);
      expect(await client.next('error')).toMatchObject({ error: { code: 'content_warning' } });
      expect(await client.closed).toMatchObject({ code: 4504 });
    },
    SLOW_MS,
  );

  it(
    'suspends the key on every gateway until somebody resumes it',
    async () => {
      const actions = [{ on: ['flag'], then: ['suspend_key'] }];
      const apiKey = await bed.keyUnder('suspends', { hooks: [FLAGS], actions });
      const client = await open(apiKey);
      card(client);
      expect(await client.closed).toMatchObject({ code: 4500 });
      expect(await tryConnect(httpUrl(), { apiKey })).toMatchObject({ status: 401 });
      const [key] = await bed.cli('key', 'list', '--tenant', 'suspends');
      expect(key).toMatchObject({ status: 'suspended' });
      await bed.cli('key', 'resume', key?.['id'] ?? '', '--tenant', 'suspends');
      const again = await eventually('the key is good again', async () => {
        const outcome = await tryConnect(httpUrl(), { apiKey });
        return 'status' in outcome ? null : outcome;
      });
      await again.close();
    },
    SLOW_MS,
  );

  it(
    'refuses an end user who has too many strikes, and nobody else',
    async () => {
      const blocks = { ...TYPED, otherwise: { atLeast: 0.5, action: 'block' } };
      const strikes = { count: 2, days: 30, refuseDays: 7 };
      const apiKey = await bed.keyUnder('strikes', { hooks: [blocks], strikes });
      const as = (user: string) => tryConnect(httpUrl(), { apiKey, headers: { 'openai-safety-identifier': user } });
      const client = await as('ana');
      if ('status' in client) throw new Error('ana was refused');
      card(client);
      card(client);
      expect(await client.closed).toMatchObject({ code: 4504 });
      expect(await as('ana')).toMatchObject({ status: 403, error: { code: 'end_user_refused' } });
      const other = await as('bea');
      if ('status' in other) throw new Error('bea was refused');
      await other.close();
      await bed.cli('moderation', 'users', 'allow', 'strikes', '--end-user', 'ana');
      const again = await eventually('ana is let in', async () => {
        const outcome = await as('ana');
        return 'status' in outcome ? null : outcome;
      });
      await again.close();
    },
    SLOW_MS,
  );
});
