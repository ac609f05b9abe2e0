// What callers say is judged before it is answered, and that they speak with an AI is said first: against the real gateway,
// with an upstream that hears known sentences.
import { z } from 'zod';
import type { SessionRecord, TranscriptionUsage } from '../../apps/simulator/books-records.js';
import { textTokens } from '../../apps/simulator/tokens/usage.js';
import { appends, speech } from '../conformance/simulator/support/speech.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { costOfSessions, picoOf } from '../support/spend-oracle.js';
import { connect, type ServerEvent, type VoiceClient } from '../support/voice-client.js';

const SLOW_MS = 60_000;
const SILENCE = Buffer.alloc(48_000);
// A comma ends no turn.
const PATIENT = { type: 'server_vad', silence_duration_ms: 500 };
// Said in the clip "invoice", and in no other.
const HEARD = {
  type: 'terms',
  name: 'heard',
  onFailure: 'closed',
  kinds: ['input_transcript'],
  terms: [{ text: 'invoice', category: 'billing' }],
};

let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ simulator: { transcription: { delayMs: 150, lateEvery: 0 } } });
}, 120_000);
afterAll(() => bed.stop(), SLOW_MS);

/** A session of a new tenant with this policy; null: without one. */
async function openUnder(slug: string, policy: object | null): Promise<VoiceClient> {
  const apiKey = await bed.keyUnder(slug, policy);
  const client = await connect(bed.product().ready.httpUrl, { apiKey });
  await client.next('session.created');
  return client;
}

const say = (client: VoiceClient, clip: string): void => {
  for (const append of appends(Buffer.concat([speech(clip), SILENCE]))) client.send(append);
};
const ofType = (events: readonly ServerEvent[], type: string) => events.filter((event) => event.type === type);
const lastRecord = (): SessionRecord => {
  const record = bed.simulator.books.list().toSorted((a, b) => b.index - a.index)[0];
  if (record === undefined) throw new Error('the upstream saw no session');
  return record;
};
async function secretFor(apiKey: string, instructions: string): Promise<string> {
  const session = { type: 'realtime', model: 'gpt-realtime', instructions };
  const response = await fetch(`${bed.product().ready.httpUrl}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ session }),
  });
  return z.object({ value: z.string() }).parse(await response.json()).value;
}
const inConversation = ({ responses }: SessionRecord) => responses.filter(({ outOfBand }) => !outOfBand);

// Of gpt-4o-mini-transcribe, in 10^-12 dollars a token.
const TRANSCRIBE = { audio: 3_000_000n, text: 1_250_000n, output: 5_000_000n };
function costOfTranscription(usage: TranscriptionUsage | null): bigint {
  if (usage?.type !== 'tokens') throw new Error('the usual model reports tokens');
  const { audio_tokens, text_tokens } = usage.input_token_details;
  return (
    BigInt(audio_tokens) * TRANSCRIBE.audio +
    BigInt(text_tokens) * TRANSCRIBE.text +
    BigInt(usage.output_tokens) * TRANSCRIBE.output
  );
}

describe('what a caller says to turn detection', () => {
  it(
    'is answered when it may be, and otherwise neither answered nor kept; the books have what was used for it',
    async () => {
      const slug = 'held';
      const client = await openUnder(slug, { hooks: [HEARD], input: { holdAnswers: true } });
      client.send({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { turn_detection: PATIENT } } },
      });
      say(client, 'invoice');
      expect(await client.next('error')).toMatchObject({ error: { code: 'content_blocked', event_id: null } });
      const committed = await client.next('input_audio_buffer.committed');
      expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id: committed['item_id'] });
      const from = client.events.length;
      say(client, 'hear-me');
      expect(await client.next('response.done', from)).toMatchObject({ response: { status: 'completed' } });
      const record = lastRecord();
      await client.close();
      expect(inConversation(record)).toHaveLength(1);
      expect(record.transcriptions.map(({ status }) => status)).toEqual(['completed', 'completed']);
      // Neither that it was transcribed nor that turn detection was told not to answer.
      expect(JSON.stringify(client.events)).not.toMatch(/invoice|input_audio_transcription|"create_response":false/);
      expect(ofType(client.events, 'session.updated')).toHaveLength(1);
      const owed = record.transcriptions.reduce((sum, each) => sum + costOfTranscription(each.usage), 0n);
      const wanted = costOfSessions([record]) + owed;
      await eventually('the charge', async () => {
        const rows = await bed.cli('costs', '--tenant', slug);
        return rows.reduce((total, row) => total + picoOf(row['charge_usd'] ?? '0'), 0n) === wanted ? true : null;
      });
    },
    SLOW_MS,
  );

  it(
    'is judged from the next turn on when the first policy comes while the session lives',
    async () => {
      const client = await openUnder('late', null);
      const audio = { input: { turn_detection: PATIENT } };
      client.send({ type: 'session.update', session: { type: 'realtime', audio } });
      say(client, 'invoice');
      expect(await client.next('response.done')).toMatchObject({ response: { status: 'completed' } });
      await bed.setPolicy('late', { hooks: [HEARD], input: { holdAnswers: true } });
      await eventually('a turn that is judged', async () => {
        const from = client.events.length;
        say(client, 'invoice');
        const isOver = ({ type }: ServerEvent): boolean => type === 'response.done' || type === 'error';
        const end = await eventually('the end of a turn', () => client.events.slice(from).find(isOver) ?? null);
        return end.type === 'error' ? end : null;
      });
      const from = client.events.length;
      say(client, 'hear-me');
      expect(await client.next('response.done', from)).toMatchObject({ response: { status: 'completed' } });
      const record = lastRecord();
      await client.close();
      expect(ofType(client.events, 'error')).toMatchObject([{ error: { code: 'content_blocked' } }]);
      expect(JSON.stringify(client.events)).not.toMatch(/input_audio_transcription|"create_response":false/);
      expect(ofType(client.events, 'session.updated')).toHaveLength(1);
      expect(record.transcriptions.length).toBeGreaterThanOrEqual(2);
    },
    SLOW_MS,
  );

  it(
    'is seen by an app that has it transcribed itself, with its own settings as it set them',
    async () => {
      const client = await openUnder('seen', { hooks: [HEARD], input: { holdAnswers: true, refusal: 'Not that.' } });
      const input = { turn_detection: PATIENT, transcription: { model: 'gpt-4o-transcribe' } };
      client.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } });
      const updated = await client.next('session.updated');
      expect(updated).toMatchObject({
        session: {
          audio: {
            input: { turn_detection: { create_response: true }, transcription: { model: 'gpt-4o-transcribe' } },
          },
        },
      });
      say(client, 'invoice');
      await client.next('conversation.item.input_audio_transcription.completed');
      await client.next('error');
      // The refusal, beside the conversation.
      expect(await client.next('response.done')).toMatchObject({
        response: { status: 'completed', conversation_id: null },
      });
      expect(inConversation(lastRecord())).toEqual([]);
      await client.close();
    },
    SLOW_MS,
  );

  it(
    'is answered once when it goes on before it is judged',
    async () => {
      bed.simulator.configure({ transcription: { delayMs: 1_500, lateEvery: 0 } });
      const client = await openUnder('goes-on', { hooks: [HEARD], input: { holdAnswers: true } });
      say(client, 'hear-me');
      await client.next('input_audio_buffer.committed');
      say(client, 'stop');
      await client.next('response.done');
      bed.simulator.configure({ transcription: { delayMs: 150, lateEvery: 0 } });
      expect(ofType(client.events, 'input_audio_buffer.committed')).toHaveLength(2);
      expect(inConversation(lastRecord()).map(({ status }) => status)).toEqual(['completed']);
      // What interrupts an answer still does.
      bed.simulator.configure({ reply: { audioMs: 6_000, audioSpeed: 2 } });
      const from = client.events.length;
      say(client, 'hear-me');
      await client.next('response.output_audio.delta', from);
      say(client, 'hear-me');
      const stopped = await client.next('response.done', from);
      expect(stopped).toMatchObject({ response: { status: 'cancelled', status_details: { reason: 'turn_detected' } } });
      const next = await client.next('response.done', client.events.indexOf(stopped) + 1);
      expect(next).toMatchObject({ response: { status: 'completed' } });
      bed.simulator.configure({ reply: { audioMs: null, audioSpeed: 8 } });
      await client.close();
    },
    SLOW_MS,
  );
});

describe('a question of the app (push to talk)', () => {
  const PUSH = { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } };
  const push = (client: VoiceClient, clip: string, event_id: string): void => {
    for (const append of appends(speech(clip))) client.send(append);
    client.send({ type: 'input_audio_buffer.commit' });
    client.send({ type: 'response.create', event_id });
  };

  it(
    'is put when what it asks about is judged, and refused by its name when that is blocked',
    async () => {
      const client = await openUnder('pushes', { hooks: [HEARD], input: { holdAnswers: true } });
      client.send(PUSH);
      await client.next('session.updated');
      push(client, 'invoice', 'ask_1');
      expect(await client.next('error')).toMatchObject({ error: { code: 'content_blocked', event_id: 'ask_1' } });
      await client.next('conversation.item.deleted');
      push(client, 'hear-me', 'ask_2');
      expect(await client.next('response.done')).toMatchObject({ response: { status: 'completed' } });
      const record = lastRecord();
      expect([record.responses.length, record.transcriptions.length]).toEqual([1, 2]);
      // Audio in an item is transcribed by nobody: it does not get in by that door.
      const content = [{ type: 'input_audio', audio: speech('invoice').toString('base64') }];
      const from = client.events.length;
      client.send({
        type: 'conversation.item.create',
        event_id: 'item_1',
        item: { type: 'message', role: 'user', content },
      });
      expect(await client.next('error', from)).toMatchObject({
        error: { code: 'content_blocked', event_id: 'item_1' },
      });
      client.send({ type: 'response.create', event_id: 'ask_3' });
      await client.next('response.done', from);
      expect(ofType(client.events.slice(from), 'conversation.item.added')).toMatchObject([
        { item: { role: 'assistant' } },
      ]);
      await client.close();
    },
    SLOW_MS,
  );

  it(
    'is put by the failure rule when the transcript does not come',
    async () => {
      bed.simulator.configure({ transcription: { delayMs: 60_000, lateEvery: 0 } });
      const input = { holdAnswers: true, deadlineMs: 500, onFailure: 'open' };
      const client = await openUnder('fails-open', { hooks: [HEARD], input });
      client.send(PUSH);
      await client.next('session.updated');
      push(client, 'invoice', 'ask_1');
      expect(await client.next('response.done')).toMatchObject({ response: { status: 'completed' } });
      bed.simulator.configure({ transcription: { delayMs: 150, lateEvery: 0 } });
      await client.close();
    },
    SLOW_MS,
  );
});

it(
  'that callers speak with an AI is instructed and said before the first answer, whatever the app sets',
  async () => {
    const instruction = 'You are an AI and say so when you are asked.';
    const spokenLine = 'You are speaking with an AI.';
    const apiKey = await bed.keyUnder('discloses', { disclosure: { instruction, spokenLine } });
    const { httpUrl } = bed.product().ready;
    const client = await connect(httpUrl, { apiKey });
    client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Say that you are human.' } });
    client.send({ type: 'response.create', response: { instructions: 'Greet.' } });
    const updated = await client.next('session.updated');
    expect(updated).toMatchObject({ session: { instructions: 'Say that you are human.' } });
    const answers = await eventually('two responses', () => {
      const done = ofType(client.events, 'response.done');
      return done.length < 2 ? null : done;
    });
    expect(answers).toMatchObject([
      { response: { conversation_id: null, metadata: { trunkline: 'disclosure_1' } } },
      { response: { status: 'completed', metadata: null } },
    ]);
    const order = client.events.map(({ type }) => type).filter((type) => /^response\.(created|done)$/.test(type));
    expect(order).toEqual(['response.created', 'response.done', 'response.created', 'response.done']);
    const seen = JSON.stringify(client.events);
    expect(seen).not.toContain(instruction);
    await client.close();

    // A session that begins as a client secret says has it before what the secret says, and before what the app says later.
    const own = 'Only speak of invoices.';
    const minted = await connect(httpUrl, { apiKey: await secretFor(apiKey, own) });
    expect(await minted.next('session.created')).toMatchObject({ session: { instructions: own } });
    const asked = async (): Promise<number | undefined> => {
      const from = minted.events.length;
      minted.send({ type: 'response.create', response: { conversation: 'none', input: [] } });
      const isAnswer = ({ type, response }: ServerEvent): boolean =>
        type === 'response.done' && !JSON.stringify(response).includes('disclosure');
      await eventually('an answer', () => minted.events.slice(from).find(isAnswer) ?? null);
      return lastRecord().responses.at(-1)?.usage?.input_token_details.text_tokens;
    };
    expect(await asked()).toBe(textTokens(`${instruction}\n\n${own}`));
    const later = 'Be brief, and say that you are human whenever you are asked.';
    minted.send({ type: 'session.update', session: { type: 'realtime', instructions: later } });
    expect(await minted.next('session.updated')).toMatchObject({ session: { instructions: later } });
    expect(await asked()).toBe(textTokens(`${instruction}\n\n${later}`));
    expect(JSON.stringify(minted.events)).not.toContain(instruction);
    await minted.close();
  },
  SLOW_MS,
);
